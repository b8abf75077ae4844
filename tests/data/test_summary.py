"""The one line of a data set, what is said beside it, and the list."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import pytest

from ferray.config.trial import DatasetChoice
from ferray.data.pack import open_splits
from ferray.data.summary import DataSummary, summarise
from ferray.testing.fake_data import write_fer2013_csv, write_fer2013_folders, write_image_folder, write_sfew2
from ferray.testing.fake_sets import write_jaffe
from ferray.text.commands import command


def summary(root: Path, cache: Path, dataset: str, *, limit: int | None = None, **params: Any) -> DataSummary:
    choice = DatasetChoice.model_validate({dataset: params})
    splits = open_splits(choice, size=8, limit_per_class=limit, data_root=root, cache_dir=cache)
    return summarise(choice, splits, limit_per_class=limit, data_root=root, cache_dir=cache)


def test_official_parts_are_said_with_their_folders(tmp_path: Path) -> None:
    root = write_fer2013_folders(tmp_path / "data", per_class=2)
    assert summary(root, tmp_path, "fer2013").line() == (
        f"`fer2013` in `{root}/fer2013`: 7 classes; train 14 (folder `train`), "
        "val 14 (file names `PublicTest_` in folder `test`), test 14 (the other file names in folder `test`)"
    )


def test_parts_of_a_csv_are_said_with_their_usage(tmp_path: Path) -> None:
    root = write_fer2013_csv(tmp_path / "data", per_class=2)
    assert summary(root, tmp_path, "fer2013").line() == (
        f"`fer2013` in `{root}/fer2013.csv`: 7 classes; "
        "train 14 (usage `Training`), val 14 (usage `PublicTest`), test 14 (usage `PrivateTest`)"
    )


def test_a_carved_part_is_said_with_its_rule(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path / "data", splits=("train", "test"), per_class=20)
    line = summary(root, tmp_path, "image_folder", split_seed=1).line()
    assert "(carved, about 10 % of folder `train`)" in line
    assert line.endswith("test 60 (folder `test`)")


def test_halves_are_said_with_the_part_they_are_cut_from(tmp_path: Path) -> None:
    line = summary(write_sfew2(tmp_path / "data"), tmp_path, "sfew", split="wang2020").line()
    assert "train 28 (folder `Train`), val 14 (half of folder `Val`), test 14 (the other half of folder `Val`)" in line


def test_a_part_that_is_passed_over_is_said_with_its_count(tmp_path: Path) -> None:
    line = summary(write_sfew2(tmp_path / "data"), tmp_path, "sfew").line()
    assert line.endswith("val 28 (folder `Val`); passed over: folder `SFEW/Test` (28 files)")


def test_of_many_kinds_that_are_passed_over_four_are_named(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path / "data")
    for suffix in ("a", "b", "c", "d", "e", "f"):
        (root / "train" / "calm" / f"x.{suffix}").touch()
    line = summary(root, tmp_path, "image_folder").line()
    assert line.endswith("passed over: 1 file `.a`, 1 file `.b`, 1 file `.c`, 1 file `.d` and 2 more kinds")


def test_limits_are_said(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path / "data", per_class=9)
    line = summary(root, tmp_path, "image_folder", limit=2, max_per_class=20).line()
    assert "at most 20 a class of all, at most 2 a class in each" in line


def test_drawn_faces_need_no_place(tmp_path: Path) -> None:
    params = {"num_train": 20, "num_val": 8, "num_test": 9}
    line = summary(tmp_path, tmp_path, "demo", **params).line()
    assert line == "`demo`: 7 classes; train 20 (drawn), val 8 (drawn), test 9 (drawn)"


def test_copies_across_splits_and_labels_are_noted(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path / "data")
    shutil.copy(root / "train" / "calm" / "000.png", root / "val" / "calm" / "copy.png")
    shutil.copy(root / "train" / "calm" / "001.png", root / "train" / "glad" / "copy.png")
    shutil.copy(root / "val" / "glad" / "001.png", root / "test" / "glad" / "copy.png")
    found = summary(root, tmp_path, "image_folder")
    assert found.notes() == [
        "`image_folder`: the same picture several times: 1 of val is a copy of a training image, "
        "1 of test is a copy of an image of train or val, 1 picture stands under two labels; "
        f"`{command('data audit')}` shows them",
        f"all of it is listed in `{found.listing}`",
    ]


def test_file_names_that_contradict_their_folder_are_noted(tmp_path: Path) -> None:
    root = write_fer2013_folders(tmp_path / "data", per_class=1)
    (root / "fer2013" / "test").rename(root / "fer2013" / "val")
    notes = summary(root, tmp_path, "fer2013").notes()
    assert notes[0] == "`fer2013`: 7 files in val are called `PrivateTest_`: the folder decides"


def test_nothing_is_noted_where_there_is_nothing_to_note(tmp_path: Path) -> None:
    found = summary(write_image_folder(tmp_path / "data"), tmp_path, "image_folder")
    assert (found.notes(), found.listing) == ([], None)


def test_the_list_names_what_is_passed_over_and_every_copy(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path / "data")
    shutil.copy(root / "train" / "calm" / "000.png", root / "val" / "cross" / "copy.png")
    (root / "train" / "calm" / "notes.txt").touch()
    listing = summary(root, tmp_path, "image_folder").listing
    assert listing is not None
    assert list(csv.reader(listing.read_text().splitlines())) == [
        ["what", "path", "class", "part", "count", "why"],
        ["passed over", "train/calm", "", "", "1", "no image has this suffix"],
        ["same picture 1", "train/calm/000.png", "calm", "train", "2", ""],
        ["same picture 1", "val/cross/copy.png", "cross", "val", "2", ""],
    ]


def test_json_has_the_counts_of_each_class(tmp_path: Path) -> None:
    document = summary(write_image_folder(tmp_path / "data"), tmp_path, "image_folder").to_json()
    assert document["splits"]["val"] == {"source": "folder `val`", "counts": [4, 4, 4]}


@pytest.mark.parametrize("fold", [0, 2])
def test_a_fold_is_said_with_its_number(tmp_path: Path, fold: int) -> None:
    root = write_image_folder(tmp_path / "data", splits=(), per_class=6)
    line = summary(root, tmp_path, "image_folder", split="kfold", folds=3, fold=fold).line()
    assert f"train 12 (the other folds), val 6 (fold {fold + 1} of 3)" in line


def test_people_on_both_sides_of_a_drawn_split_are_noted(tmp_path: Path) -> None:
    root = write_jaffe(tmp_path / "data", per_class=4)
    notes = summary(root, tmp_path, "jaffe").notes()
    # 12 images a class of three people, each of whom is trained on.
    assert any(
        "are of groups in train too (people in JAFFE's names): `dataset.split=kfold_by_group`" in n for n in notes
    )


def test_people_on_both_sides_by_a_pattern_of_one_s_own_are_noted(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path / "data", splits=(), per_class=6)
    found = summary(root, tmp_path, "image_folder", group_pattern="^(00)[0-9]", val_fraction=0.3)
    assert found.shared is not None
    assert found.shared.title == "groups by `^(00)[0-9]`"


def test_images_that_show_fewer_people_are_noted_as_not_independent(tmp_path: Path) -> None:
    root = write_jaffe(tmp_path / "data", per_class=4)
    found = summary(root, tmp_path, "jaffe", split="kfold_by_group", folds=3)
    assert found.grouped is not None
    # Three people of four images a class in seven classes, of whom a fold holds one.
    assert (found.grouped.num_val, found.grouped.num_groups) == (28, 1)
    assert any("the 28 images in val are of 1 group (people in JAFFE's names): intervals" in n for n in found.notes())


def test_images_of_which_nobody_knows_the_people_need_no_note(tmp_path: Path) -> None:
    assert summary(write_image_folder(tmp_path / "data"), tmp_path, "image_folder").grouped is None


def test_a_split_that_keeps_people_apart_needs_no_note(tmp_path: Path) -> None:
    root = write_jaffe(tmp_path / "data", per_class=4)
    assert summary(root, tmp_path, "jaffe", split="kfold_by_group", folds=3).shared is None


def test_parts_that_the_authors_give_need_no_note_on_groups(tmp_path: Path) -> None:
    assert summary(write_sfew2(tmp_path / "data", films=1), tmp_path, "sfew").shared is None
