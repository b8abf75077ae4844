from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ferray.config.trial import DatasetChoice
from ferray.data.judging import judging
from ferray.data.pack import ensure_data, open_splits
from ferray.data.samples import Splits
from ferray.errors import ConfigError, DataError
from ferray.testing.fake_data import fake_image, write_fer2013_csv, write_image_folder, write_png, write_sfew2


def choice(**params: Any) -> DatasetChoice:
    return DatasetChoice.model_validate({"image_folder": params})


def opened(root: Path, cache: Path, *, size: int = 24, limit: int | None = None, **params: Any) -> Splits:
    return open_splits(choice(**params), size=size, limit_per_class=limit, data_root=root, cache_dir=cache)


def packs(cache: Path) -> list[Path]:
    return list((cache / "packs").iterdir())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_image_folder(tmp_path / "data")


def test_splits_are_views_of_one_pack(root: Path, tmp_path: Path) -> None:
    splits = opened(root, tmp_path)
    with judging(lambda: None):
        assert splits.train.images is splits.test.unsealed().images


def test_rows_labels_and_names_belong_together(root: Path, tmp_path: Path) -> None:
    val = opened(root, tmp_path, size=48).val
    position = val.names.index("val/glad/002.png")
    assert np.array_equal(val.images_of(np.array([position]))[0], fake_image(2, 1002))
    assert val.labels[position] == 2


def test_a_data_set_that_knows_no_right_labels_says_minus_one(root: Path, tmp_path: Path) -> None:
    assert set(opened(root, tmp_path).train.true_labels.tolist()) == {-1}


def test_opening_again_gives_the_same_object(root: Path, tmp_path: Path) -> None:
    assert opened(root, tmp_path) is opened(root, tmp_path)


def test_a_split_changes_no_pack(root: Path, tmp_path: Path) -> None:
    opened(root, tmp_path)
    opened(root, tmp_path, split="random", split_seed=3)
    opened(root, tmp_path, limit=2)
    assert len(packs(tmp_path)) == 1


def test_another_size_is_another_pack(root: Path, tmp_path: Path) -> None:
    opened(root, tmp_path)
    assert opened(root, tmp_path, size=16).train.images.shape[1:] == (16, 16, 3)
    assert len(packs(tmp_path)) == 2


def test_another_root_is_noticed(root: Path, tmp_path: Path) -> None:
    opened(root, tmp_path)
    other = write_image_folder(tmp_path / "other", per_class=5)
    assert len(opened(other, tmp_path).train) == 15


def test_another_cache_is_noticed(root: Path, tmp_path: Path) -> None:
    opened(root, tmp_path / "one")
    opened(root, tmp_path / "two")
    assert len(packs(tmp_path / "two")) == 1


def test_the_same_files_elsewhere_share_a_pack(root: Path, tmp_path: Path) -> None:
    opened(root, tmp_path)
    shutil.copytree(root, tmp_path / "copy")
    opened(tmp_path / "copy", tmp_path)
    assert len(packs(tmp_path)) == 1


def test_limit_per_class_caps_every_split(root: Path, tmp_path: Path) -> None:
    assert opened(root, tmp_path, limit=2).test.class_counts() == (2, 2, 2)


def test_a_damaged_pack_is_decoded_anew(root: Path, tmp_path: Path) -> None:
    opened(root, tmp_path)
    (packs(tmp_path)[0] / "images.npy").write_bytes(b"")
    # The same files under another root: the same pack, and nothing remembered of it in this process.
    shutil.copytree(root, tmp_path / "copy")
    assert opened(tmp_path / "copy", tmp_path).train.images.shape == (36, 24, 24, 3)


def test_a_changed_file_is_never_served_from_an_old_pack(root: Path, tmp_path: Path) -> None:
    opened(root, tmp_path)
    shutil.copytree(root, tmp_path / "copy")
    write_png(tmp_path / "copy" / "train" / "calm" / "000.png", fake_image(8, 0))
    opened(tmp_path / "copy", tmp_path)
    assert len(packs(tmp_path)) == 2


def test_what_is_open_is_had_again_without_a_look_at_files(root: Path, tmp_path: Path) -> None:
    first = opened(root, tmp_path / "cache")
    shutil.rmtree(root)
    shutil.rmtree(tmp_path / "cache")
    assert opened(root, tmp_path / "cache") is first


def test_ensure_data_is_content_with_data_that_are_there(root: Path, tmp_path: Path) -> None:
    ensure_data(choice(), root, tmp_path)


def test_ensure_data_decodes_nothing(root: Path, tmp_path: Path) -> None:
    (root / "train" / "calm" / "000.png").write_bytes(b"")
    ensure_data(choice(), root, tmp_path)


def test_ensure_data_tells_missing_data(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="dataset `image_folder` is not under"):
        ensure_data(choice(), tmp_path, tmp_path / "cache")


def test_ensure_data_tells_a_split_that_cannot_be(tmp_path: Path) -> None:
    write_image_folder(tmp_path, splits=())
    with pytest.raises(ConfigError, match="`halves` needs an official validation part"):
        ensure_data(choice(split="halves"), tmp_path, tmp_path / "cache")


def test_an_unreadable_image_names_its_file(root: Path, tmp_path: Path) -> None:
    (root / "train" / "calm" / "000.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"train/calm/000\.png: is not a picture"):
        opened(root, tmp_path)


def test_sfew_opens_by_wangs_protocol(tmp_path: Path) -> None:
    dataset = DatasetChoice.model_validate({"sfew": {"split": "wang2020"}})
    splits = open_splits(
        dataset, size=24, limit_per_class=None, data_root=write_sfew2(tmp_path / "data"), cache_dir=tmp_path
    )
    assert (len(splits.train), len(splits.val), len(splits.test)) == (28, 14, 14)


def test_fer2013_opens_with_its_official_parts(tmp_path: Path) -> None:
    splits = open_splits(
        DatasetChoice.model_validate("fer2013"),
        size=24,
        limit_per_class=None,
        data_root=write_fer2013_csv(tmp_path / "data", per_class=2),
        cache_dir=tmp_path,
    )
    assert (len(splits.train), len(splits.val), len(splits.test)) == (14, 14, 14)
