"""The live table, drawn into memory."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from ferray.cli.terminal.live_table import LiveTable
from ferray.cli.terminal.picture import picture
from ferray.cli.terminal.screen import height_of
from ferray.cli.terminal.standing import Row, Standing
from ferray.events import Found, OutcomeKind
from ferray.testing.fake_sweep import TRIALS, sweep_started, trial_ended, trial_started


class Clock:
    """Half a minute passes between looks."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 30.0
        return self.now


def played(console: Console, folder: Path) -> LiveTable:
    """A sweep that goes on, while three trials run, after a fourth has ended."""
    table = LiveTable(console, Clock())
    found = Found({OutcomeKind.PRUNED: 2}, again=1, best=(17, 0.9))
    table.sweep_started(replace(sweep_started(folder), slots=4, finished=2, found=found))
    for trial in TRIALS[:4]:
        table.trial_started(trial_started(trial, folder))
        for report in trial.reports[:2]:
            table.epoch_ended(trial.number, report)
    table.trial_ended(trial_ended(TRIALS[3]))
    return table


def drawn(width: int, folder: Path, height: int = 30) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    table = played(console, folder)
    lines = table._draw()
    table.close()
    return lines


def many(num_running: int) -> Standing:
    standing = Standing(metric="val/uar", mode="max", trials=64, slots=64, began=0.0)
    for number in range(num_running):
        params = {"optimizer.lr": 0.001 * number, "head": f"kind-{number}", "imbalance": "weighted_sampler"}
        standing.start(Row(number, 10, {**params, "head.dropout": 0.01 * number}))
    return standing


def test_a_network_is_told_by_its_own_name(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=100, height=30, force_terminal=True, color_system=None)
    table = LiveTable(console, Clock())
    table.sweep_started(replace(sweep_started(tmp_path), names={"backbone": {"timm": "vgg11"}}))
    table.trial_started(replace(trial_started(TRIALS[0], tmp_path), params={"backbone": "timm"}))
    lines = table._draw()
    table.close()
    assert "vgg11" in lines[1]


@pytest.mark.parametrize("width", [40, 60, 80, 160])
def test_numbers_stay_readable_at_every_width(width: int, tmp_path: Path) -> None:
    head, first = drawn(width, tmp_path)[:2]
    assert head.split()[:4] == ["trial", "epoch", "val/uar", "best"]
    assert first.split()[:4] == [str(TRIALS[0].number), "2/3", "0.400", "0.250"]


@pytest.mark.parametrize("width", [40, 60, 80, 140])
@pytest.mark.parametrize("num_running", [2, 64])
def test_no_line_is_wider_than_the_window_and_no_word_is_broken(width: int, num_running: int) -> None:
    lines = picture(many(num_running), now=9.0, width=width, height=30)
    whole = " ".join(picture(many(num_running), now=9.0, width=500, height=500)).split()
    assert max(map(len, lines)) <= width
    assert set(" ".join(lines).split()) <= {*whole, "...", "and", "40", "more"}


def test_a_low_window_keeps_the_summary_and_counts_what_it_hides() -> None:
    lines = picture(many(64), now=9.0, width=80, height=20)
    assert len(lines) < 20
    assert "and 50 more" in lines
    assert lines[-1].startswith("0/64 trials")


def test_summary_counts_what_runs_and_what_ended_in_all(tmp_path: Path) -> None:
    summary = " ".join(drawn(160, tmp_path)[-1].split())
    assert summary.startswith("3/7 trials 3 running 2 pruned 1 diverged best 0.900 (trial 17)")
    assert "left" in summary


def test_interrupted_is_called_interrupted(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=100)
    table = played(console, tmp_path)
    table.trial_started(trial_started(TRIALS[5], tmp_path))
    table.trial_ended(trial_ended(TRIALS[5]))
    text = " ".join(table._draw())
    assert ("1 interrupted" in text, "failed" in text) == (True, False)


def test_recalled_epochs_do_not_speed_the_sweep_up(tmp_path: Path) -> None:
    table = LiveTable(Console(file=io.StringIO()), Clock())
    table.sweep_started(sweep_started(tmp_path))
    table.trial_started(trial_started(TRIALS[0], tmp_path))
    table.epoch_recalled(0, TRIALS[0].reports[0])
    lines = " ".join(table._draw())
    assert ("1/3" in lines, "left" in lines, "first epoch" in lines) == (True, False, True)


def test_what_the_driver_notes_stays_above_the_table(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=60)
    played(console, tmp_path).noted("stopping: asking 2 trials to save (Ctrl-C again to stop now)")
    assert isinstance(console.file, io.StringIO)
    assert "stopping: asking 2 trials to save" in console.file.getvalue()


def test_lines_that_a_narrower_window_folds_are_wiped_whole() -> None:
    assert height_of(["x" * 100, "", "x" * 41, "x" * 40], width=40) == 3 + 1 + 2 + 1


def test_a_narrowed_window_is_wiped_as_high_as_it_has_become(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=120, force_terminal=True, color_system=None)
    table = played(console, tmp_path)
    table._screen._frame()
    wide = table._screen._drawn
    console.width = 30
    table._screen._frame()
    assert table._screen._live is not None
    assert table._screen._live._live_render.last_render_height == height_of(wide, 30)
    table.close()


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    table = LiveTable(Console(file=io.StringIO()))
    table.sweep_started(sweep_started(tmp_path))
    table.close()
    table.close()
