from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ferray.config.trial import DatasetChoice
from ferray.data.datasets.affectnet import Affectnet
from ferray.data.pack import ensure_data
from ferray.data.samples import SampleList
from ferray.emotions import EMOTION_NAMES
from ferray.errors import DataError
from ferray.testing.fake_data import fake_image
from ferray.testing.fake_sets import AFFECT_NUMBERS, write_affectnet, write_affectnet_folders, write_rows

TABLE = Path("AffectNet/training.csv")


def affectnet(root: Path, **params: Any) -> Affectnet:
    return Affectnet(Affectnet.Params.model_validate(params), root)


def with_line(root: Path, line: str) -> SampleList:
    (root / TABLE).write_text((root / TABLE).read_text() + line + "\n")
    return affectnet(root).samples()


@pytest.mark.parametrize("header", [True, False])
def test_parts_come_from_the_two_tables_with_a_header_or_without(tmp_path: Path, header: bool) -> None:
    samples = affectnet(write_affectnet(tmp_path, per_class=1, header=header)).samples().samples
    assert Counter(sample.part for sample in samples) == {"train": 7, "val": 7}
    assert [sample.label for sample in samples[:7]] == list(range(7))


def test_seven_classes_or_eight(tmp_path: Path) -> None:
    write_affectnet(tmp_path, per_class=1)
    assert affectnet(tmp_path).samples().classes == EMOTION_NAMES
    assert affectnet(tmp_path, contempt="keep").samples().classes == (*EMOTION_NAMES, "Contempt")


def test_pictures_without_an_expression_are_left_out_and_counted(tmp_path: Path) -> None:
    passed = affectnet(write_affectnet(tmp_path, per_class=1)).samples().account.passed
    assert {(over.what, over.count) for over in passed} == {("labelled `7`", 2), ("labelled `10`", 2)}


def test_the_face_is_cut_out_or_the_picture_is_whole(tmp_path: Path) -> None:
    write_affectnet(tmp_path, per_class=1)
    cut, whole = (affectnet(tmp_path, faces=faces) for faces in ("box", "whole"))
    assert np.array_equal(cut.original(cut.samples().samples[0]), fake_image(0, 0, width=30, height=30))
    assert whole.original(whole.samples().samples[0]).shape == (40, 40, 3)


def test_folders_are_numbered_as_the_tables_are(tmp_path: Path) -> None:
    found = affectnet(write_affectnet_folders(tmp_path, per_class=1)).samples()
    numbers = [sample.name.split("/")[2] for sample in sorted(found.samples, key=lambda s: (s.part, s.label))]
    assert numbers == [*AFFECT_NUMBERS, *AFFECT_NUMBERS]
    assert [(over.what, over.count) for over in found.account.passed] == [("labelled `7`", 2)]


@pytest.mark.parametrize(("train", "val"), [("train_class", "val_class"), ("train_set", "val_set")])
def test_parts_may_be_called_as_copies_call_them(tmp_path: Path, train: str, val: str) -> None:
    folder = write_affectnet_folders(tmp_path, per_class=1) / "AffectNet"
    (folder / "train").rename(folder / train)
    (folder / "val").rename(folder / val)
    assert {sample.part for sample in affectnet(tmp_path).samples().samples} == {"train", "val"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("7/training_0_0.png,5,5,30,30,,12,0,0", "has the label `12`, none of the seven expressions"),
        ("7/gone.png,5,5,30,30,,1,0,0", "is not there"),
        ("7/training_0_0.png,5,5,0,30,,6,0,0", "has the box `5 5 0 30`, which holds no pixel"),
        ("7/training_0_0.png,6", "has `2` cells, the header has another number"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, line: str, reason: str) -> None:
    assert [bad.reason for bad in with_line(write_affectnet(tmp_path, per_class=1), line).bad] == [reason]


def test_a_row_that_stands_twice_is_taken_once(tmp_path: Path) -> None:
    found = with_line(write_affectnet(tmp_path, per_class=1), "7/training_0_0.png,5,5,30,30,,6,0,0")
    assert "1 picture is listed a second time, and taken once" in found.account.remarks


def test_an_empty_class_is_refused_by_name(tmp_path: Path) -> None:
    lines = (write_affectnet(tmp_path) / TABLE).read_text().splitlines()
    (tmp_path / TABLE).write_text("\n".join(line for line in lines if ",4,0.1" not in line))
    with pytest.raises(DataError, match="no image of `Fear` in train"):
        ensure_data(DatasetChoice.model_validate("affectnet"), tmp_path, tmp_path / "cache")


def test_another_training_csv_is_refused_by_its_columns(tmp_path: Path) -> None:
    write_rows(tmp_path / TABLE, ["a,b", "1,2"])
    with pytest.raises(DataError, match="its columns are to be `subDirectory_filePath`, `expression` and others"):
        affectnet(tmp_path).samples()


def test_tables_without_their_pictures_are_one_sentence(tmp_path: Path) -> None:
    (write_affectnet(tmp_path) / "AffectNet" / "Manually_Annotated_Images").rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match=r"the pictures that it names are not\nhint: unpack them to"):
        affectnet(tmp_path).samples()


def test_the_edition_of_npy_files_is_told_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "AffectNet" / "train_set" / "annotations").mkdir(parents=True)
    with pytest.raises(DataError, match=r"with a `.npy` file for each label, which is not read\nhint: write a csv"):
        affectnet(tmp_path).samples()


def test_a_class_folder_of_another_name_is_bad_image_by_image(tmp_path: Path) -> None:
    folder = write_affectnet_folders(tmp_path, per_class=1) / "AffectNet" / "train"
    (folder / "4").rename(folder / "boredom")
    reasons = [bad.reason for bad in affectnet(tmp_path).samples().bad]
    assert reasons == ["has the label `boredom`, none of the seven expressions"]


def test_folders_are_found_in_a_data_root_that_is_called_as_the_set(tmp_path: Path) -> None:
    root = write_affectnet_folders(tmp_path, per_class=1) / "AffectNet"
    assert len(affectnet(root).samples()) == 14
