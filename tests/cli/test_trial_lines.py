"""A trial as one line of `ferray trials`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ferray.cli.terminal.trial_lines import trial_line
from ferray.testing.fake_sweep import sweep_record


def test_line_of_a_failure_says_on_which_host() -> None:
    trial = replace(sweep_record().trials[0], state="failed", message="its node was lost", host="gpu-3")
    assert "its node was lost  on gpu-3" in trial_line(trial, Path())


def test_line_of_what_went_well_says_nothing_of_its_host() -> None:
    trial = replace(sweep_record().trials[0], state="complete", reason="", host="gpu-3")
    assert "gpu-3" not in trial_line(trial, Path())


def test_an_attempt_whose_driver_died_is_called_interrupted() -> None:
    trial = replace(sweep_record().trials[5], outcome="orphaned")
    assert trial_line(trial, Path()).split()[:2] == ["5", "interrupted"]
