"""Files on the driver's disk keep the contract of every kind, and nothing else is served."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ferray.artifacts.address import mount
from ferray.artifacts.sight import show
from ferray.launch._driver_files import DriverFileSystem
from ferray.launch._served_folder import PIECE, Answer, ServedFolder
from ferray.testing.file_systems import CHECKS, content, put

ID = "ab12"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedFolder]:
    root = tmp_path / "runs" / "sweep" / "trials"
    root.mkdir(parents=True)
    show(root, ID)
    yield ServedFolder(str(root), ID)
    mount({})


@pytest.fixture
def trials(served: ServedFolder, tmp_path: Path) -> DriverFileSystem:
    """The folder of all trials, opened as a worker does that does not see it."""
    opened = partial(DriverFileSystem, ask=served.act)
    root = str(tmp_path / "runs" / "sweep" / "trials")
    mount({f"{root}/": opened})
    return opened(root)


@pytest.fixture
def files(trials: DriverFileSystem) -> DriverFileSystem:
    made = trials.below("0000-ab")
    made.make()
    return made


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(check: Callable[[DriverFileSystem], None], files: DriverFileSystem) -> None:
    check(files)


def test_what_a_worker_writes_lies_on_the_drivers_disk(files: DriverFileSystem) -> None:
    put(files, "last.pt", b"whole")
    assert (Path(files.address) / "last.pt").read_bytes() == b"whole"


def test_a_large_file_travels_in_pieces(files: DriverFileSystem, served: ServedFolder) -> None:
    whole, pieces = os.urandom(2 * PIECE + 5), []
    noted = DriverFileSystem(files.address, lambda *call: (pieces.append(call[0]), served.act(*call))[1])
    put(noted, "last.pt", whole)
    assert (content(noted, "last.pt") == whole, pieces.count("write"), pieces.count("read")) == (True, 3, 3)


def test_an_empty_file_is_a_file(files: DriverFileSystem) -> None:
    put(files, "last.pt", b"")
    assert content(files, "last.pt") == b""


def twice(served: ServedFolder) -> Callable[..., Answer]:
    """Carries every call out a second time, as Ray may where a link fails."""

    def ask(*call: Any) -> Answer:
        served.act(*call)
        return served.act(*call)

    return ask


def test_what_is_carried_out_twice_is_written_once(files: DriverFileSystem, served: ServedFolder) -> None:
    repeated = DriverFileSystem(files.address, twice(served))
    put(repeated, "last.pt", b"whole")
    repeated.append("history.jsonl", b"1\n")
    repeated.append("history.jsonl", b"2\n")
    assert (content(files, "last.pt"), content(files, "history.jsonl")) == (b"whole", b"1\n2\n")


def test_a_file_that_is_replaced_while_it_travels_arrives_as_one_of_both(
    files: DriverFileSystem, served: ServedFolder
) -> None:
    put(files, "last.pt", b"a" * (PIECE + 1))
    is_replaced: list[bool] = []

    def ask(*call: Any) -> Answer:
        answer = served.act(*call)
        if call[0] == "read" and not is_replaced:
            is_replaced.append(True)
            put(files, "last.pt", b"b" * (PIECE + 2))
        return answer

    assert content(DriverFileSystem(files.address, ask), "last.pt") == b"b" * (PIECE + 2)


def test_a_driver_that_does_not_answer_is_no_file_that_is_missing(files: DriverFileSystem) -> None:
    def silent(*_: Any) -> Answer:
        raise OSError(113, "the driver's node does not answer")

    files.append("history.jsonl", b"1\n")
    with pytest.raises(OSError, match="does not answer"):
        DriverFileSystem(files.address, silent).append("history.jsonl", b"2\n")
    assert content(files, "history.jsonl") == b"1\n"


@pytest.mark.parametrize("path", ["../study.journal", "../../other/trials/x", "0000-ab/../../study.journal"])
def test_what_lies_elsewhere_is_not_served(trials: DriverFileSystem, path: str) -> None:
    with pytest.raises(PermissionError):
        trials.open(path)


def test_a_link_out_of_the_folder_is_not_followed(files: DriverFileSystem, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("it")
    (Path(files.address) / "last.pt").symlink_to(tmp_path / "secret")
    with pytest.raises(PermissionError):
        files.open("last.pt")


def test_what_a_trial_begins_with_may_be_read_and_no_more(served: ServedFolder, tmp_path: Path) -> None:
    (tmp_path / "best.pt").write_bytes(b"weights")
    show(tmp_path / "runs" / "sweep" / "trials", ID, [str(tmp_path / "best.pt")])
    outside = DriverFileSystem(str(tmp_path), served.act)
    assert content(outside, "best.pt") == b"weights"
    with pytest.raises(PermissionError):
        outside.delete("best.pt")


def test_a_node_that_does_not_see_the_folder_itself_says_so(tmp_path: Path) -> None:
    lost = DriverFileSystem(str(tmp_path), ServedFolder(str(tmp_path), ID).act)
    with pytest.raises(OSError, match="the driver's node does not see"):
        lost.make()
