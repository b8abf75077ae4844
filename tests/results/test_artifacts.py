"""Paths and histories of a trial's folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ferray.errors import DataError
from ferray.results.artifacts import append_history, history_file, read_history, trial_folder, trial_folder_name
from ferray.testing.fake_sweep import TRIALS

FIRST, SECOND, THIRD = TRIALS[0].reports


def test_folder_is_a_function_of_number_and_recipe() -> None:
    assert trial_folder_name(17, "1f3a9c2e") == "trials/0017-1f3a9c2e"


def test_folder_lies_in_that_of_the_sweep() -> None:
    assert trial_folder(Path("runs/demo"), 3, "1f3a9c2e") == Path("runs/demo/trials/0003-1f3a9c2e")


def test_history_reads_back_what_was_written(tmp_path: Path) -> None:
    append_history(tmp_path, FIRST)
    append_history(tmp_path, SECOND)
    assert read_history(tmp_path) == [FIRST, SECOND]


def test_no_history_is_empty(tmp_path: Path) -> None:
    assert read_history(tmp_path) == []


def test_torn_last_line_is_left_out(tmp_path: Path) -> None:
    append_history(tmp_path, FIRST)
    with history_file(tmp_path).open("a") as file:
        file.write('{"epoch": 2, "metr')
    assert read_history(tmp_path) == [FIRST]


def test_line_after_a_torn_one_is_not_lost(tmp_path: Path) -> None:
    append_history(tmp_path, FIRST)
    with history_file(tmp_path).open("a") as file:
        file.write('{"epoch": 2, "metr')
    append_history(tmp_path, THIRD)
    assert read_history(tmp_path) == [FIRST, THIRD]


def test_epoch_that_was_repeated_counts_once(tmp_path: Path) -> None:
    again = replace(FIRST, num_train=99)
    append_history(tmp_path, FIRST)
    append_history(tmp_path, again)
    assert read_history(tmp_path) == [again]


def test_whole_line_that_is_no_report_is_named(tmp_path: Path) -> None:
    history_file(tmp_path).write_text('{"step": 1}\n')
    with pytest.raises(DataError, match=r"history\.jsonl:1"):
        read_history(tmp_path)
