"""The contract of file systems: one check a promise, each for an empty one that is made.

Call every function of `CHECKS` for each kind, as tests/artifacts/test_file_systems.py does.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from ferray.artifacts.address import file_system_at
from ferray.artifacts.file_system import FileSystem


def put(files: FileSystem, name: str, content: bytes) -> None:
    """Write a file whole."""
    with files.write(name) as stream:
        stream.write(content)


def content(files: FileSystem, name: str) -> bytes:
    """All of a file."""
    with files.open(name) as stream:
        return stream.read()


def check_what_is_written_reads_back(files: FileSystem) -> None:
    """Bytes stay bytes."""
    put(files, "last.pt", b"\x00\r\n\xff")
    assert content(files, "last.pt") == b"\x00\r\n\xff"


def check_writing_replaces(files: FileSystem) -> None:
    """A shorter file is shorter afterwards."""
    put(files, "last.pt", b"a longer one")
    put(files, "last.pt", b"short")
    assert content(files, "last.pt") == b"short"


def check_a_write_that_raises_leaves_the_former_content(files: FileSystem) -> None:
    """A file is whole whenever it is looked at."""
    put(files, "last.pt", b"whole")
    with suppress(RuntimeError), files.write("last.pt") as stream:
        stream.write(b"half of")
        raise RuntimeError("the end")
    assert (content(files, "last.pt"), files.names()) == (b"whole", ["last.pt"])


def check_a_file_is_not_there_before_it_is_whole(files: FileSystem) -> None:
    """Its name appears with its content."""
    with files.write("best.pt") as stream:
        stream.write(b"half of")
        assert (files.exists("best.pt"), files.names()) == (False, [])
    assert files.exists("best.pt")


def check_appending_makes_and_extends(files: FileSystem) -> None:
    """Nothing of what is there is written again."""
    files.append("history.jsonl", b"1\n")
    files.append("history.jsonl", b"2\n")
    assert content(files, "history.jsonl") == b"1\n2\n"


def check_appending_nothing_makes_a_file(files: FileSystem) -> None:
    """Its being there may be all that is to be said."""
    files.append("stop", b"")
    assert files.exists("stop")


def check_deleting_removes(files: FileSystem) -> None:
    """It can be deleted twice, as two may want it gone."""
    put(files, "last.pt", b"whole")
    files.delete("last.pt")
    files.delete("last.pt")
    assert (files.exists("last.pt"), files.names()) == (False, [])


def check_sizes_are_in_bytes(files: FileSystem) -> None:
    """Of what it holds."""
    put(files, "best.pt", b"12345")
    assert files.size("best.pt") == 5


def check_a_file_that_is_not_there_is_named_so(files: FileSystem) -> None:
    """By the error that tells it from a disk that fails."""
    with pytest.raises(FileNotFoundError):
        files.open("best.pt")
    with pytest.raises(FileNotFoundError):
        files.size("best.pt")


def check_files_can_seek(files: FileSystem) -> None:
    """Archives are read from their end."""
    put(files, "best.pt", b"12345")
    with files.open("best.pt") as stream:
        stream.seek(-2, 2)
        assert stream.read() == b"45"


def check_places_below_are_their_own(files: FileSystem) -> None:
    """The same name at another address is another file."""
    fold = files.below("fold-0")
    fold.make()
    put(fold, "best.pt", b"of the fold")
    assert (files.exists("best.pt"), content(fold, "best.pt")) == (False, b"of the fold")


def check_names_are_those_right_below(files: FileSystem) -> None:
    """Files and places, sorted."""
    fold = files.below("fold-0")
    fold.make()
    put(fold, "best.pt", b"of the fold")
    put(files, "config.json", b"{}")
    assert files.names() == ["config.json", "fold-0"]


def check_a_place_is_no_file(files: FileSystem) -> None:
    """Whatever lies in it."""
    fold = files.below("fold-0")
    fold.make()
    put(fold, "best.pt", b"of the fold")
    assert not files.exists("fold-0")


def check_what_is_nowhere_has_no_names(files: FileSystem) -> None:
    """An attempt that never began has left nothing."""
    assert files.below("fold-7").names() == []


def check_the_address_leads_to_the_same_files(files: FileSystem) -> None:
    """It is all that another process is given."""
    put(files, "best.pt", b"12345")
    assert content(file_system_at(files.address), "best.pt") == b"12345"


def check_clearing_removes_what_lies_below_too(files: FileSystem) -> None:
    """A training that is to be forgotten leaves nothing to go on from."""
    fold = files.below("fold-0")
    fold.make()
    put(fold, "best.pt", b"of the fold")
    put(files, "config.json", b"{}")
    files.clear()
    assert (files.names(), fold.names()) == ([], [])


CHECKS: tuple[Callable[[FileSystem], None], ...] = (
    check_what_is_written_reads_back,
    check_writing_replaces,
    check_a_write_that_raises_leaves_the_former_content,
    check_a_file_is_not_there_before_it_is_whole,
    check_appending_makes_and_extends,
    check_appending_nothing_makes_a_file,
    check_deleting_removes,
    check_sizes_are_in_bytes,
    check_a_file_that_is_not_there_is_named_so,
    check_files_can_seek,
    check_places_below_are_their_own,
    check_names_are_those_right_below,
    check_a_place_is_no_file,
    check_what_is_nowhere_has_no_names,
    check_the_address_leads_to_the_same_files,
    check_clearing_removes_what_lies_below_too,
)
