from __future__ import annotations

from pathlib import Path

import pytest

from ferray.errors import ConfigError
from ferray.inference.files import find_files


def names(folder: Path) -> list[str]:
    return [file.path.relative_to(folder).as_posix() for file in find_files([folder]).asked]


def test_a_folder_is_looked_through_at_any_depth(folder: Path) -> None:
    assert names(folder) == ["a.png", "text.png", "torn.png", "sub/b.jpg"]


def test_what_is_no_picture_by_its_name_is_passed_over_and_named(folder: Path) -> None:
    assert [each.file for each in find_files([folder]).passed_over] == [str(folder / "notes.txt")]


def test_a_file_that_is_named_is_asked_whatever_it_is_called(folder: Path) -> None:
    assert [file.path.name for file in find_files([folder / "notes.txt"]).asked] == ["notes.txt"]


def test_hidden_files_are_left_out(folder: Path) -> None:
    (folder / ".hidden.png").touch()
    assert ".hidden.png" not in names(folder)


def test_a_link_in_a_circle_ends(folder: Path) -> None:
    (folder / "sub/again").symlink_to(folder)
    assert names(folder) == ["a.png", "text.png", "torn.png", "sub/b.jpg"]


def test_a_link_to_nothing_is_asked_as_one_in_a_folder_is(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to(tmp_path / "gone.png")
    assert [file.path.name for file in find_files([tmp_path / "a.png"]).asked] == ["a.png"]


def test_a_video_is_told_by_its_suffix(video: Path) -> None:
    assert [file.kind for file in find_files([video]).asked] == ["video"]


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no file or folder `.*gone.png`"):
        find_files([tmp_path / "gone.png"])
