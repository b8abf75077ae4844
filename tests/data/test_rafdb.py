from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ferray.config.trial import DatasetChoice
from ferray.data.datasets.rafdb import Rafdb
from ferray.data.pack import ensure_data
from ferray.data.samples import SampleList
from ferray.emotions import Emotion
from ferray.errors import DataError
from ferray.testing.fake_sets import RAF_NUMBERS, write_rafdb, write_rafdb_folders

LIST = Path("basic/EmoLabel/list_patition_label.txt")


def listing(root: Path, **params: Any) -> SampleList:
    return Rafdb(Rafdb.Params.model_validate(params), root).samples()


def lines_added(root: Path, *lines: str) -> Path:
    (root / LIST).write_text((root / LIST).read_text() + "\n".join(lines) + "\n")
    return root


@pytest.mark.parametrize("place", ["", "RAF-DB", "rafdb"])
def test_names_tell_the_part_and_the_list_the_label(tmp_path: Path, place: str) -> None:
    write_rafdb(tmp_path / place, per_class=1)
    samples = listing(tmp_path).samples
    assert Counter(sample.part for sample in samples) == {"train": 7, "test": 7}
    assert samples[0].name.endswith("basic/Image/aligned/train_00000_aligned.jpg")
    assert {Emotion(s.label) for s in samples if "train_3" in s.name} == {Emotion.HAPPY}


def test_class_folders_are_numbered_as_the_list_is(tmp_path: Path) -> None:
    samples = listing(write_rafdb_folders(tmp_path, per_class=1)).samples
    assert {(s.name.split("/")[3], s.label) for s in samples} == {(n, emotion) for emotion, n in RAF_NUMBERS.items()}
    assert {sample.part for sample in samples} == {"train", "test"}


def test_originals_that_are_not_unpacked_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Image/original` is not there.*\nhint: unpack `original.zip` there"):
        listing(write_rafdb(tmp_path, per_class=1), faces="original")


def test_class_folders_have_no_originals(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds the aligned faces in class folders, `faces` asks for `original`"):
        listing(write_rafdb_folders(tmp_path, per_class=1), faces="original")


def test_compound_expressions_are_passed_over_and_said(tmp_path: Path) -> None:
    passed = listing(write_rafdb(tmp_path, per_class=1, compound=True)).account.passed
    assert [(over.what, over.why) for over in passed] == [("folder `compound`", "compound expressions are not read")]


def test_compound_expressions_alone_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "rafdb" / "compound").mkdir(parents=True)
    with pytest.raises(DataError, match=r"holds the compound expressions alone, which are not read\nhint: unpack"):
        listing(tmp_path)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("train_00000.jpg 8", "has the label `8`, none of the seven expressions"),
        ("train_9.jpg 1", "is not there"),
        ("train_9.jpg", "has `1` words, expected are a file's name and a label"),
        ("train_00000.jpg 1", "stands under `Angry` and `Surprise`"),
        ("../test_1.jpg 1", "leads out of the data root"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, reason: str) -> None:
    found = listing(lines_added(write_rafdb(tmp_path, per_class=1), line))
    assert [bad.reason for bad in found.bad] == [reason]
    assert len(found) == 14


def test_a_picture_that_is_listed_twice_is_taken_once(tmp_path: Path) -> None:
    found = listing(lines_added(write_rafdb(tmp_path, per_class=1), f"train_00000.jpg {RAF_NUMBERS[Emotion.ANGRY]}"))
    assert len(found) == 14
    assert "1 picture is listed a second time, and taken once" in found.account.remarks


def test_an_empty_class_is_refused_by_name(tmp_path: Path) -> None:
    write_rafdb(tmp_path, per_class=2)
    kept = [line for line in (tmp_path / LIST).read_text().splitlines() if not line.endswith(RAF_NUMBERS[Emotion.FEAR])]
    (tmp_path / LIST).write_text("\n".join(kept))
    with pytest.raises(DataError, match="no image of `Fear` in train"):
        ensure_data(DatasetChoice.model_validate("rafdb"), tmp_path, tmp_path / "cache")


def test_a_list_that_is_another_file_is_named(tmp_path: Path) -> None:
    write_rafdb(tmp_path, per_class=1)
    (tmp_path / LIST).write_bytes(b"<!doctype html><html>")
    with pytest.raises(DataError, match="is a web page, not a list"):
        listing(tmp_path)


def test_folders_of_other_sets_in_the_data_root_are_none_of_its(tmp_path: Path) -> None:
    write_rafdb_folders(tmp_path, per_class=1)
    (tmp_path / "RAF-DB").rename(tmp_path / "other")
    with pytest.raises(DataError, match="dataset `rafdb` is not under"):
        listing(tmp_path)


def test_a_class_folder_of_another_number_is_bad_image_by_image(tmp_path: Path) -> None:
    folder = write_rafdb_folders(tmp_path, per_class=1) / "RAF-DB" / "DATASET" / "train"
    (folder / "2").rename(folder / "8")
    assert [bad.reason for bad in listing(tmp_path).bad] == ["has the label `8`, none of the seven expressions"]


def test_class_folders_are_found_in_a_data_root_that_is_called_as_the_set(tmp_path: Path) -> None:
    samples = listing(write_rafdb_folders(tmp_path, per_class=1) / "RAF-DB").samples
    assert Counter(sample.label for sample in samples) == dict.fromkeys(Emotion, 2)


def test_the_folder_may_be_called_as_the_fields_repositories_call_it(tmp_path: Path) -> None:
    write_rafdb(tmp_path / "raf-basic", per_class=1)
    assert len(listing(tmp_path)) == 14
