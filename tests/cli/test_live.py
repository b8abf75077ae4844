"""The live table, drawn into memory."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from ferray.cli.live import LiveTable
from ferray.testing.fake_sweep import TRIALS, sweep_started, trial_ended, trial_started


class Clock:
    """Half a minute passes between looks."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 30.0
        return self.now


def drawn(width: int, folder: Path) -> str:
    """The table while the first three trials run, after the fourth has ended."""
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    table = LiveTable(console, Clock())
    table.sweep_started(replace(sweep_started(folder), slots=4))
    for trial in TRIALS[:4]:
        table.trial_started(trial_started(trial, folder))
        for report in trial.reports[:2]:
            table.epoch_ended(trial.number, report)
    table.trial_ended(trial_ended(TRIALS[3]))
    page = Console(file=io.StringIO(), width=width)
    page.print(table._render())
    table.close()
    text = page.file.getvalue()  # type: ignore[attr-defined]  # the StringIO above
    return str(text)


@pytest.mark.parametrize("width", [60, 80, 160])
def test_numbers_stay_readable_at_every_width(width: int, tmp_path: Path) -> None:
    head, first = drawn(width, tmp_path).splitlines()[:2]
    assert head.split()[:4] == ["trial", "epoch", "val/uar", "best"]
    assert first.split()[0] == str(TRIALS[0].number)
    assert "/" in first.split()[1]


def test_summary_counts_what_runs_and_what_ended(tmp_path: Path) -> None:
    summary = " ".join(drawn(160, tmp_path).splitlines()[-1].split())
    assert "3 running" in summary
    assert "left" in summary


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    table = LiveTable(Console(file=io.StringIO()))
    table.sweep_started(sweep_started(tmp_path))
    table.close()
    table.close()
