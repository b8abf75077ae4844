"""`ferray data audit`: the tables, what is said below them, the files, and a clean split that a sweep takes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from ferray.testing.command import Ran, ferray
from ferray.testing.fake_data import write_image_folder, write_sheet_csv


def audit(root: Path, *args: object, name: str = "image_folder") -> Ran:
    return ferray("data", "audit", name, "--data-root", root, "--output", root.parent / "runs", *args)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Four images a class and split; one of val is a training image, one of train stands under two labels."""
    root = write_image_folder(tmp_path / "data")
    train, val, other = (sorted((root / place).iterdir()) for place in ("train/calm", "val/calm", "train/cross"))
    shutil.copy(train[0], val[0])
    shutil.copy(train[1], other[1])
    return root


def row(ran: Ran, title: str) -> list[str]:
    return next(line.removeprefix(f" {title}").split() for line in ran.out.splitlines() if line.startswith(f" {title}"))


def test_the_table_counts_identical_files(root: Path) -> None:
    ran = audit(root)
    assert row(ran, "identical files") == ["2", "4", "1", "1"], ran.err


def test_what_validation_shares_with_training_is_said(root: Path) -> None:
    assert "val: 1 of 12 images (8.3%) has a copy in train, 1 as the same file" in audit(root).out


def test_classes_stand_with_their_labels(root: Path) -> None:
    assert row(audit(root), "    0  calm")[:2] == ["4", "33.3"]


def test_json_is_one_document(root: Path) -> None:
    document = json.loads(audit(root, "--json", "--quiet").out)["datasets"][0]
    assert (document["identical"]["groups"], document["seen_before"]["val"]["identical"]) == (2, 1)


def test_sheets_and_the_list_lie_in_the_output_folder(root: Path) -> None:
    audit(root)
    folder = root.parent / "runs" / "audit" / "image_folder"
    names = {path.name for path in folder.iterdir()}
    assert names == {"across-splits.png", "two-labels.png", "within-splits.png", "copies.csv"}
    with Image.open(folder / "across-splits.png") as sheet:
        assert sheet.size[0] > 1000


def test_no_original_is_touched(root: Path) -> None:
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    audit(root, "--write-split", "clean")
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_a_sweep_takes_the_clean_split(root: Path) -> None:
    audit(root, "--write-split", "clean")
    listed = root.parent / "runs" / "audit" / "image_folder" / "clean.csv"
    sets = [word for item in ("image_size=16", "backbone=tiny_cnn", "augment=none") for word in ("--set", item)]
    where = ("--data-root", root, "--output", root.parent / "runs", "--tracker", "none", "--launcher", "inline")
    ran = ferray("sweep", "demo", "--set", "dataset=image_folder", *sets, "--exclude", listed, *where, "--dry-run")
    assert "left out of training are 3 of 3 listed samples" in ran.err, ran.err
    assert "the same picture several times" not in ran.err


def test_the_command_that_trains_without_it_is_said(root: Path) -> None:
    assert "--exclude" in audit(root, "--write-split", "clean").err


@pytest.mark.parametrize("split", ["", "copies", "a/b"])
def test_a_list_that_has_no_place_is_refused_before_anything_is_read(root: Path, split: str) -> None:
    ran = audit(root, "--write-split", split)
    assert (ran.code, "a path ending in .csv" in ran.err, (root.parent / "runs").exists()) == (2, True, False)


def test_the_command_has_the_samples_that_were_looked_at(root: Path) -> None:
    said = audit(root, "--write-split", "clean", "--bad-samples", "skip", "--limit-per-class", "9").err
    assert " --limit-per-class 9 --bad-samples skip --exclude " in said


def test_classes_of_one_size_are_said_to_be_so(tmp_path: Path) -> None:
    assert "classes: train has 4 of each class" in audit(write_image_folder(tmp_path / "data")).out


def test_a_data_set_of_numbers_is_audited_without_pictures(tmp_path: Path) -> None:
    ran = audit(write_sheet_csv(tmp_path / "data"), name="sfew_features")
    assert ran.code == 0, ran.err
    assert "near copies and blank pictures are not looked for" in ran.out


def test_an_unknown_name_is_refused(root: Path) -> None:
    ran = audit(root, name="image_foldre")
    assert (ran.code, "did you mean `image_folder`" in ran.err) == (2, True)


def test_of_a_clean_set_no_list_is_written(tmp_path: Path) -> None:
    ran = audit(write_image_folder(tmp_path / "data"), "--write-split", "clean")
    folder = tmp_path / "runs" / "audit" / "image_folder"
    assert ("is clean as it is split" in ran.err, (folder / "clean.csv").exists()) == (True, False)
