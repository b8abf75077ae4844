import errno
import json
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ferray.files.atomic import (
    atomic_folder,
    atomic_write,
    hidden_beside,
    remove_folder,
    remove_leftovers,
    remove_leftovers_below,
    write_bytes,
    write_json,
    write_text,
)


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is synced, a `file` or a `folder`, in order."""
    kinds: list[str] = []
    monkeypatch.setattr(
        os, "fsync", lambda fd: kinds.append("folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "file")
    )
    return kinds


@pytest.fixture
def umask() -> Iterator[None]:
    """One that lets the group read."""
    former = os.umask(0o027)
    yield
    os.umask(former)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_not_there_before_its_block_ends(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "a.bin") as stream:
        stream.write(b"whole")
        stream.flush()
        assert not (tmp_path / "a.bin").exists()
    assert (tmp_path / "a.bin").read_bytes() == b"whole"


def test_a_block_that_raises_leaves_the_former_file_alone(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a.bin", b"former")
    with suppress(KeyboardInterrupt), atomic_write(tmp_path / "a.bin") as stream:
        stream.write(b"half")
        raise KeyboardInterrupt
    assert ((tmp_path / "a.bin").read_bytes(), names(tmp_path)) == (b"former", ["a.bin"])


def test_a_durable_file_is_synced_before_it_is_renamed_and_its_folder_after(tmp_path: Path, synced: list[str]) -> None:
    write_bytes(tmp_path / "a.bin", b"whole")
    assert synced == ["file", "folder"]


def test_what_can_be_made_again_waits_for_no_disk(tmp_path: Path, synced: list[str]) -> None:
    write_bytes(tmp_path / "a.bin", b"whole", durable=False)
    assert synced == []


def test_a_disk_that_cannot_sync_folders_is_good_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def files_only(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", files_only)
    write_bytes(tmp_path / "a.bin", b"whole")
    assert (tmp_path / "a.bin").read_bytes() == b"whole"


def test_a_full_disk_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_bytes(tmp_path / "a.bin", b"whole")
    assert names(tmp_path) == []


@pytest.mark.usefixtures("umask")
def test_who_may_read_is_the_umasks_to_say(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a.bin", b"whole")
    assert stat.S_IMODE((tmp_path / "a.bin").stat().st_mode) == 0o640


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("ü" * 127)
    write_bytes(path, b"whole")
    assert path.read_bytes() == b"whole"


def test_text_is_utf_8_and_keeps_its_ends_of_lines(tmp_path: Path) -> None:
    write_text(tmp_path / "a.csv", "ü\r\n\n")
    assert (tmp_path / "a.csv").read_bytes() == b"\xc3\xbc\r\n\n"


def test_names_that_are_no_text_can_be_written(tmp_path: Path) -> None:
    write_text(tmp_path / "a.csv", os.fsdecode(b"\xff.png"), errors="backslashreplace")
    assert (tmp_path / "a.csv").read_bytes() == b"\\udcff.png"


def test_json_is_for_people_and_ends_its_line(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"a": [1]})
    assert (tmp_path / "a.json").read_text() == json.dumps({"a": [1]}, indent=2) + "\n"


def test_json_knows_no_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "a.json", float("nan"))


def test_what_killed_writers_leave_can_be_deleted(tmp_path: Path) -> None:
    hidden_beside(tmp_path / "a.bin").write_bytes(b"half")
    hidden_beside(tmp_path / "a.bin").mkdir()
    (tmp_path / "a.bin").write_bytes(b"whole")
    remove_leftovers(tmp_path / "a.bin")
    assert names(tmp_path) == ["a.bin"]


def test_what_writers_of_an_earlier_version_left_is_deleted_too(tmp_path: Path) -> None:
    (tmp_path / ".last.pt.4711").write_bytes(b"half")
    remove_leftovers(tmp_path / "last.pt")
    assert names(tmp_path) == []


def test_leftovers_of_another_file_stay(tmp_path: Path) -> None:
    hidden_beside(tmp_path / "b.bin").write_bytes(b"half")
    remove_leftovers(tmp_path / "a.bin")
    assert len(names(tmp_path)) == 1


def test_what_is_being_written_is_no_leftover_yet(tmp_path: Path) -> None:
    hidden_beside(tmp_path / "a.bin").write_bytes(b"half")
    remove_leftovers(tmp_path / "a.bin", older_than_s=3600)
    assert len(names(tmp_path)) == 1


def test_all_leftovers_below_a_folder_can_be_deleted(tmp_path: Path) -> None:
    (tmp_path / "Happy").mkdir()
    hidden_beside(tmp_path / "Happy" / "a.png").write_bytes(b"half")
    (tmp_path / "Happy" / ".hidden").touch()
    remove_leftovers_below(tmp_path)
    assert names(tmp_path / "Happy") == [".hidden"]


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "pack") as made:
        (made / "a.bin").write_bytes(b"whole")
        assert not (tmp_path / "pack").exists()
    assert (names(tmp_path), names(tmp_path / "pack")) == (["pack"], ["a.bin"])


def test_a_folder_whose_block_raises_leaves_no_trace(tmp_path: Path) -> None:
    with suppress(KeyboardInterrupt), atomic_folder(tmp_path / "pack") as made:
        (made / "a.bin").write_bytes(b"half")
        raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_the_first_of_two_folders_stays(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "pack") as made:
        (made / "mine").touch()
        (tmp_path / "pack").mkdir()
        (tmp_path / "pack" / "theirs").touch()
    assert (names(tmp_path), names(tmp_path / "pack")) == (["pack"], ["theirs"])


def test_a_folder_that_is_mapped_can_be_removed(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "a.bin").write_bytes(b"whole")
    with (tmp_path / "pack" / "a.bin").open("rb") as mapped:
        remove_folder(tmp_path / "pack")
        assert (names(tmp_path), mapped.read()) == ([], b"whole")


def test_removing_a_folder_that_is_not_there_is_nothing(tmp_path: Path) -> None:
    remove_folder(tmp_path / "pack")
    assert names(tmp_path) == []
