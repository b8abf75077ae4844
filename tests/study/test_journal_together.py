"""What a journal collects is read back at once, and written whole at the end or not at all."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from ferray.errors import ClusterError
from ferray.events import Outcome, OutcomeKind
from ferray.study.journal import Journal
from ferray.study.store import JOURNAL_NAME, open_store
from ferray.study.study import Study
from ferray.testing.curves import curve_report, saturating, small_spec

ONE, TWO = {"op_code": 2, "user_attr": {"a": 1}}, {"op_code": 2, "user_attr": {"a": 2}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / JOURNAL_NAME).write_bytes(b"")
    return tmp_path / JOURNAL_NAME


def test_what_is_collected_is_read_before_it_is_written(path: Path) -> None:
    journal = Journal(path)
    journal.begin()
    journal.append_logs([ONE])
    assert list(journal.read_logs(0)) == [ONE]
    assert path.read_bytes() == b""


def test_what_was_read_is_not_read_again_after_it_was_written(path: Path) -> None:
    journal = Journal(path)
    journal.begin()
    journal.append_logs([ONE])
    assert list(journal.read_logs(0)) == [ONE]
    journal.append_logs([TWO])
    journal.end()
    assert list(journal.read_logs(1)) == [TWO]
    assert list(Journal(path).read_logs(0)) == [ONE, TWO]


def test_what_others_wrote_before_is_read_first(path: Path) -> None:
    journal = Journal(path)
    Journal(path).append_logs([ONE])
    journal.begin()
    journal.append_logs([TWO])
    assert list(journal.read_logs(0)) == [ONE, TWO]


def test_nobody_else_writes_in_between(path: Path) -> None:
    journal = Journal(path)
    journal.begin()
    journal.append_logs([ONE])
    with path.open("ab") as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_the_disk_is_waited_for_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[int] = []
    monkeypatch.setattr(os, "fsync", waits.append)
    journal = Journal(path)
    journal.begin()
    for _ in range(5):
        journal.append_logs([ONE])
    journal.end()
    assert len(waits) == 1


def test_what_the_disk_did_not_take_is_written_with_the_next(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(path)
    journal.begin()
    journal.append_logs([ONE])
    list(journal.read_logs(0))
    with monkeypatch.context() as full:
        full.setattr(os, "write", _no_space)
        with pytest.raises(ClusterError, match="No space left"):
            journal.end()
    journal.append_logs([TWO])
    assert list(Journal(path).read_logs(0)) == [ONE, TWO]


def test_what_the_disk_did_not_take_is_not_written_after_what_others_wrote(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(path)
    journal.begin()
    journal.append_logs([ONE])
    list(journal.read_logs(0))
    with monkeypatch.context() as full:
        full.setattr(os, "write", _no_space)
        with pytest.raises(ClusterError):
            journal.end()
    Journal(path).append_logs([TWO])
    with pytest.raises(ClusterError, match="others wrote to the store"):
        journal.append_logs([TWO])


def test_a_block_of_trials_is_asked_with_one_wait_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = Study(small_spec(), open_store(tmp_path))
    waits: list[int] = []
    monkeypatch.setattr(os, "fsync", waits.append)
    study.ask_many(5)
    assert len(waits) == 1
    study.close()


def test_trials_of_a_block_are_those_asked_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    one, block = (taught(folder) for folder in (tmp_path / "one", tmp_path))
    assert [trial.params for trial in block.ask_many(12)] == [one.ask().params for _ in range(12)]
    one.close()
    block.close()


def taught(folder: Path) -> Study:
    """A study whose sampler proposes by what it has learnt, and no more at random."""
    study = Study(small_spec(sampler={"tpe": {"startup_trials": 3}}), open_store(folder))
    for trial in study.ask_many(6):
        for epoch in range(1, 5):
            study.report(trial.number, curve_report(trial.config, epoch, saturating))
        study.finish(trial.number, Outcome(OutcomeKind.COMPLETED))
    return study


def _no_space(*_: object) -> int:
    raise OSError(28, "No space left on device")
