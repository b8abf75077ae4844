"""The epochs of a trial, read back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ferray.artifacts.history import read_history
from ferray.artifacts.trial import TrialArtifacts
from ferray.errors import DataError
from ferray.testing.fake_sweep import TRIALS, append_history

FIRST, SECOND, _ = TRIALS[0].reports


def test_history_reads_back_what_was_written(tmp_path: Path) -> None:
    append_history(tmp_path, FIRST)
    append_history(tmp_path, SECOND)
    assert read_history(TrialArtifacts.at(str(tmp_path))) == [FIRST, SECOND]


def test_no_history_is_empty(tmp_path: Path) -> None:
    assert read_history(TrialArtifacts.at(str(tmp_path))) == []


def test_torn_last_line_is_left_out(tmp_path: Path) -> None:
    append_history(tmp_path, FIRST)
    with (tmp_path / "history.jsonl").open("a") as file:
        file.write('{"epoch": 2, "metr')
    assert read_history(TrialArtifacts.at(str(tmp_path))) == [FIRST]


def test_epoch_that_was_repeated_counts_once(tmp_path: Path) -> None:
    again = replace(FIRST, num_train=99)
    append_history(tmp_path, FIRST)
    append_history(tmp_path, again)
    assert read_history(TrialArtifacts.at(str(tmp_path))) == [again]


def test_whole_line_that_is_no_report_is_named(tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text('{"step": 1}\n')
    with pytest.raises(DataError, match=r"history\.jsonl:1"):
        read_history(TrialArtifacts.at(str(tmp_path)))
