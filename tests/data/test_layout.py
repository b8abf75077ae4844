from __future__ import annotations

import os
from pathlib import Path

import pytest

from ferray.data.layout import folders_in, homes, images_in, is_of_another_set, look_into
from ferray.errors import DataError


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_folders_are_found_whatever_their_case(tmp_path: Path) -> None:
    (tmp_path / "TRAIN").mkdir()
    assert folders_in(tmp_path) == {"train": tmp_path / "TRAIN"}


def test_files_of_the_desktop_are_left_out(tmp_path: Path) -> None:
    touch(tmp_path / "__MACOSX" / "x.png", tmp_path / ".git" / "x.png", tmp_path / "happy" / "x.png")
    assert list(folders_in(tmp_path)) == ["happy"]


def test_images_are_told_by_their_suffix(tmp_path: Path) -> None:
    touch(tmp_path / "b.PNG", tmp_path / "a.jpeg", tmp_path / "._a.jpeg", tmp_path / "Thumbs.db")
    assert [image.name for image in images_in(tmp_path, "train")] == ["a.jpeg", "b.PNG"]


@pytest.mark.parametrize("name", ["a.jfif", "a.JPE", "a.gif", "a.tiff"])
def test_rarer_suffixes_are_images_too(tmp_path: Path, name: str) -> None:
    touch(tmp_path / name)
    assert look_into(tmp_path).images == (name,)


def test_a_link_in_a_circle_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "round").symlink_to("round")
    assert look_into(tmp_path).folders == ()


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert images_in(tmp_path / "gone", "train") == []


def test_the_root_itself_is_the_last_home(tmp_path: Path) -> None:
    (tmp_path / "FER2013").mkdir()
    assert homes(tmp_path, ["fer2013"]) == [tmp_path / "FER2013", tmp_path]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_nobody_may_enter_is_named_and_no_file_in_it(tmp_path: Path) -> None:
    (tmp_path / "sad").mkdir(mode=0)
    assert not is_of_another_set(tmp_path / "sad")
    with pytest.raises(DataError, match=r"folder `.*/sad` cannot be read: Permission denied"):
        look_into(tmp_path / "sad")
