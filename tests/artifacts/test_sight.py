"""A worker knows by a random id whether it sees the driver's disk."""

from pathlib import Path

import pytest

from ferray.artifacts.local import LocalFileSystem
from ferray.artifacts.sight import hide, readable_files, sees, show


def test_who_finds_the_id_sees_the_folder(tmp_path: Path) -> None:
    show(tmp_path, "ab12")
    assert sees(tmp_path, "ab12")


def test_a_folder_of_the_same_path_on_another_disk_is_not_taken_for_it(tmp_path: Path) -> None:
    show(tmp_path, "ab12")
    assert not sees(tmp_path, "cd34")


def test_a_folder_that_is_not_there_is_not_seen(tmp_path: Path) -> None:
    assert not sees(tmp_path / "runs", "ab12")


def test_a_folder_in_which_nothing_can_be_written_is_of_no_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)  # as root may write everywhere
    show(tmp_path, "ab12")
    assert not sees(tmp_path, "ab12")


def test_the_id_goes_with_its_driver(tmp_path: Path) -> None:
    show(tmp_path, "ab12")
    hide(tmp_path, "ab12")
    assert list(tmp_path.iterdir()) == []


def test_the_id_is_no_file_of_a_trial(tmp_path: Path) -> None:
    show(tmp_path, "ab12")
    assert LocalFileSystem(str(tmp_path)).names() == []


def test_what_may_be_read_is_written_down_for_those_who_see_it(tmp_path: Path) -> None:
    show(tmp_path, "ab12", ["/weights/best.pt"])
    assert (readable_files(tmp_path, "ab12"), readable_files(tmp_path, "cd34")) == ({"/weights/best.pt"}, frozenset())
