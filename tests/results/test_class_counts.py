from __future__ import annotations

from pathlib import Path

import pytest

from ferray.config.cache_folder import default_cache_dir
from ferray.config.exclusion import read_exclusion
from ferray.config.place import DataPlace
from ferray.config.trial import TrialConfig
from ferray.errors import DataError
from ferray.results.class_counts import SplitCounts, count_splits
from ferray.testing.fake_data import write_image_folder


def config(**changes: object) -> TrialConfig:
    return TrialConfig.model_validate({"dataset": "image_folder", **changes})


def counted(config: TrialConfig, root: Path, exclude: Path | None = None) -> SplitCounts:
    return count_splits(config, DataPlace(root, default_cache_dir(), exclude))


def test_every_split_is_counted(tmp_path: Path) -> None:
    found = counted(config(), write_image_folder(tmp_path, per_class=4))
    assert found.classes == ("calm", "cross", "glad")
    assert found.counts == {"train": (4, 4, 4), "val": (4, 4, 4), "test": (4, 4, 4)}


def test_a_split_without_images_is_left_out(tmp_path: Path) -> None:
    found = counted(config(), write_image_folder(tmp_path, splits=("train", "val")))
    assert list(found.counts) == ["train", "val"]


def test_a_limit_counts(tmp_path: Path) -> None:
    found = counted(config(limit_per_class=2), write_image_folder(tmp_path, per_class=4))
    assert found.counts["train"] == (2, 2, 2)


def test_folds_show_the_first(tmp_path: Path) -> None:
    folded = config(folds={"k": 2})
    found = counted(folded, write_image_folder(tmp_path, splits=(), per_class=4))
    assert (found.counts, found.num_folds) == ({"train": (2, 2, 2), "val": (2, 2, 2)}, 2)


def test_missing_data_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="image_folder"):
        counted(config(), tmp_path)


def test_what_a_list_leaves_out_is_not_counted_in_training(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path / "data", per_class=4)
    listed = [sorted((root / part).rglob("*.png"))[0].relative_to(root) for part in ("train", "val")]
    (tmp_path / "list.csv").write_text("".join(f"{line}\n" for line in ("name", *listed)))
    digest = read_exclusion(tmp_path / "list.csv").digest
    found = counted(config(exclude=digest), root, tmp_path / "list.csv")
    assert found.counts == {"train": (3, 4, 4), "val": (4, 4, 4), "test": (4, 4, 4)}
