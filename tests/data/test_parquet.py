from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from ferray.config.trial import DatasetChoice
from ferray.data.arrow_tables import PieceCache
from ferray.data.datasets.parquet import Parquet
from ferray.data.pack import open_splits
from ferray.data.samples import SampleList
from ferray.emotions import EMOTION_NAMES
from ferray.errors import ConfigError, DataError
from ferray.testing.fake_archives import image_rows, png, table_of, write_arrow, write_parquet

FILE = "data/train-00000-of-00001.parquet"


def dataset(root: Path, **params: Any) -> Parquet:
    return Parquet(Parquet.Params.model_validate(params), root)


def listing(root: Path, *rows: dict[str, Any], names: tuple[str, ...] = (), **params: Any) -> SampleList:
    """One file of these rows."""
    pq.write_table(table_of(rows, names), root / "faces.parquet")
    return dataset(root, **params).samples()


def row(label: Any, number: int = 0, **more: Any) -> dict[str, Any]:
    return {"image": {"bytes": png(number % 7, number), "path": None}, "label": label, **more}


@pytest.mark.parametrize(("write", "parts"), [(write_parquet, ("train", "val")), (write_arrow, ("train", "test"))])
def test_parts_come_from_names_and_classes_from_what_datasets_wrote(tmp_path: Path, write: Any, parts: Any) -> None:
    found = dataset(write(tmp_path, per_class=1)).samples()
    assert found.classes == EMOTION_NAMES
    assert Counter(sample.part for sample in found.samples) == dict.fromkeys(parts, 7)
    assert [sample.label for sample in found.samples[:7]] == list(range(7))


def test_every_row_is_decoded_whichever_piece_it_lies_in(tmp_path: Path) -> None:
    write_parquet(tmp_path, per_class=2)
    choice = DatasetChoice.model_validate("parquet")
    splits = open_splits(choice, size=20, limit_per_class=None, data_root=tmp_path, cache_dir=tmp_path / "cache")
    opened = dataset(tmp_path)
    last = opened.samples().samples[13]
    assert np.array_equal(splits.train.picture(13), opened.original(last))


def test_a_file_is_opened_once_for_all_its_pieces(tmp_path: Path) -> None:
    file, cache = write_parquet(tmp_path, per_class=1) / FILE, PieceCache()
    cache.cell(file, (0, 0), "label")
    file.unlink()
    assert cache.cell(file, (1, 0), "label") == 5  # the sixth row, with five in a row group


def test_numbers_that_nothing_names_are_asked_about(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="calls its classes by numbers such as `3`"):
        listing(tmp_path, row(3), row(4, 1))
    assert listing(tmp_path, row(3), row(4, 1), label_order="fer2013").classes == ("Happy", "Sad")


def test_part_and_group_may_be_columns(tmp_path: Path) -> None:
    rows = (row("sad", 0, split="train", subject="a"), row("joy", 1, split="validation", subject="b"))
    assert [(s.part, s.group) for s in listing(tmp_path, *rows).samples] == [("train", "a"), ("val", "b")]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row("smirk", 9), "has the label `smirk`, none of the seven expressions"),
        (row(None, 9), "has the label ``, none of the seven expressions"),
        ({"image": None, "label": "sad"}, "holds no bytes of a picture"),
    ],
)
def test_a_row_that_cannot_be_a_sample_is_named_by_its_number(tmp_path: Path, bad: Any, reason: str) -> None:
    found = listing(tmp_path, row("sad"), row("happy", 1), bad)
    assert [(sample.name, sample.reason) for sample in found.bad] == [("faces.parquet:3", reason)]


def test_bytes_that_are_no_picture_are_a_bad_sample(tmp_path: Path) -> None:
    broken = {"image": {"bytes": b"GIF89a no", "path": None}, "label": "sad"}
    listing(tmp_path, row("sad"), row("happy", 1), broken)
    choice = DatasetChoice.model_validate({"parquet": {"path": "faces.parquet"}})
    with pytest.raises(DataError, match=r"row 3 of faces.parquet: is (not a picture|truncated or damaged)"):
        open_splits(choice, size=16, limit_per_class=None, data_root=tmp_path, cache_dir=tmp_path / "cache")


def test_a_column_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"name one of `where`, `label` with `dataset.image_column`"):
        listing(tmp_path, {"where": b"x", "label": "sad"})
    with pytest.raises(DataError, match=r"has no column `imgae`, as `dataset.image_column` asks\nhint: did you mean"):
        listing(tmp_path, row("sad"), image_column="imgae")


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more", b"<!doctype html><html>", b"PK\x03\x04"])
def test_a_file_that_is_no_table_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "faces.parquet").write_bytes(content)
    with pytest.raises(DataError, match=r"faces.parquet` (is|cannot be read)"):
        dataset(tmp_path).samples()


@pytest.mark.parametrize("name", ["faces.parquet", "faces.arrow"])
def test_a_torn_file_is_one_sentence(tmp_path: Path, name: str) -> None:
    write = write_parquet if name.endswith("parquet") else write_arrow
    whole = next(write(tmp_path / "made").rglob(f"*{name[5:]}")).read_bytes()
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=rf"{name}` (is damaged|cannot be read)"):
        dataset(tmp_path, path="torn").samples()


def test_a_picture_that_stands_twice_has_one_content(tmp_path: Path) -> None:
    contents = listing(tmp_path, row("sad"), row("happy", 1), row("sad")).contents
    assert contents[0] == contents[2] != contents[1]


def test_an_empty_class_is_refused_where_a_split_needs_it(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    pq.write_table(table_of(image_rows(2)), tmp_path / FILE)
    rows = [row for row in image_rows(2, 100) if row["label"] != 2]
    pq.write_table(table_of(rows), tmp_path / FILE.replace("train", "validation"))
    choice = DatasetChoice.model_validate("parquet")
    with pytest.raises(DataError, match="no image of `Fear` in val"):
        open_splits(choice, size=16, limit_per_class=None, data_root=tmp_path, cache_dir=tmp_path / "cache")


def test_a_changed_file_has_another_fingerprint(tmp_path: Path) -> None:
    before = dataset(write_parquet(tmp_path, per_class=1)).fingerprint()
    pq.write_table(table_of(image_rows(2)), tmp_path / FILE)
    assert dataset(tmp_path).fingerprint() != before
