"""`ferray data show`: the table, what is said below it, and the sheets."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from ferray.testing.command import Ran, ferray
from ferray.testing.fake_data import write_image_folder, write_sfew2, write_sheet_csv


def show(name: str, root: Path, *args: object) -> Ran:
    return ferray("data", "show", name, "--data-root", root, "--output", root.parent / "runs", *args)


def table(ran: Ran) -> list[list[str]]:
    rows = [line.split() for line in ran.out.splitlines()]
    return [row for row in rows if len(row) > 2 and row[-1].isdecimal()]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_image_folder(tmp_path / "data")


def test_the_table_counts_images_by_class_and_split(root: Path) -> None:
    ran = show("image_folder", root)
    assert table(ran) == [
        ["calm", "4", "4", "4", "12"],
        ["cross", "4", "4", "4", "12"],
        ["glad", "4", "4", "4", "12"],
        ["all", "12", "12", "12", "36"],
    ], ran.err


def test_below_it_stands_where_each_split_comes_from(root: Path) -> None:
    lines = show("image_folder", root).out.splitlines()
    assert lines[0] == f"`image_folder` in `{root}`"
    assert [line for line in lines if ": folder" in line] == [f"{p}: folder `{p}`" for p in ("train", "val", "test")]


def test_a_space_is_shown_as_its_trials_see_it(tmp_path: Path) -> None:
    ran = show("sfew", write_sfew2(tmp_path / "data"), "--quiet")
    assert "val: half of folder `Val`" in ran.out
    assert "passed over: folder `SFEW/Test` (28 files)" in ran.out


def test_keys_of_the_data_set_may_be_changed(tmp_path: Path) -> None:
    write_image_folder(tmp_path / "data" / "mine", splits=(), per_class=6)
    ran = show("image_folder", tmp_path / "data", "--set", "dataset.path=mine", "--set", "dataset.split=kfold")
    assert "val: fold 1 of 5" in ran.out, ran.err


def test_copies_and_blank_pictures_are_said(tmp_path: Path) -> None:
    root = write_sfew2(tmp_path / "data")
    train, val = (sorted((root / "SFEW" / part / "Angry").iterdir()) for part in ("Train", "Val"))
    shutil.copy(train[0], val[0])
    Image.new("RGB", (143, 181)).save(val[1])
    out = show("sfew", root, "--set", "dataset.split=official").out
    assert "1 picture of one colour left out of `sfew`: val 28 becomes 27" in out
    assert " of val are copies of training images" in out


def test_what_a_sweep_would_refuse_is_said_and_the_rest_shown(root: Path) -> None:
    (root / "train" / "calm" / "000.png").write_text("no picture")
    ran = show("image_folder", root)
    assert (ran.code, table(ran)[0]) == (0, ["calm", "3", "4", "4", "11"])
    assert "a sweep is refused: `image_folder` has 1 bad sample" in ran.out


def test_json_has_all_of_it_alone_on_stdout(root: Path) -> None:
    (document,) = json.loads(show("image_folder", root, "--json").out)["datasets"]
    assert document["splits"]["train"] == {"source": "folder `train`", "counts": [4, 4, 4]}
    assert [Path(sheet).name for sheet in document["sheets"]] == ["calm.png", "cross.png", "glad.png"]
    assert document["refused"] == ""


def test_each_class_has_a_sheet(root: Path, tmp_path: Path) -> None:
    ran = show("image_folder", root, "--to", tmp_path / "sheets")
    assert f"3 contact sheets are in `{tmp_path / 'sheets'}`" in ran.err
    with Image.open(tmp_path / "sheets" / "calm.png") as sheet:
        assert sheet.width > 1000


def test_a_data_set_of_numbers_has_a_table_and_no_sheets(tmp_path: Path) -> None:
    ran = show("sfew_features", write_sheet_csv(tmp_path / "data"), "--set", "backbone=features_mlp")
    assert (ran.code, "contact sheets" in ran.err) == (0, False), ran.err
    assert table(ran)[-1][0] == "all"


def test_data_that_is_not_there_is_told(tmp_path: Path) -> None:
    ran = show("sfew", tmp_path / "data")
    assert (ran.code, "dataset `sfew` is not under" in ran.err) == (3, True)


def test_a_name_that_is_neither_space_nor_data_set_is_told(tmp_path: Path) -> None:
    assert show("sfwe", tmp_path / "data").code == 2
