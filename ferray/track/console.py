"""Plain lines on stderr: what logs, pipes and CI see of a sweep or a training."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from ferray.config.option_names import told_params
from ferray.config.readable import params_line
from ferray.events import (
    EpochReport,
    Listener,
    OutcomeKind,
    OutlierReport,
    SweepStarted,
    TrialEnded,
    TrialStarted,
)
from ferray.stats.ranking import is_better
from ferray.text.sanitize import on_one_line, visible
from ferray.track import Tracker

WORDS = {kind: "complete" if kind is OutcomeKind.COMPLETED else str(kind) for kind in OutcomeKind}
WIDEST = max(map(len, WORDS.values()))


class Console(Tracker):
    """One line to stderr for each finished trial, no colour and no cursor movement.

    `best` on a line is that of the complete trials so far, those of earlier commands too. `clock` gives seconds.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(folder)
        self._clock = clock
        self._sweep = SweepStarted("", str(folder), "", "max", trials=0, finished=0, slots=0)
        self._num_ended = 0
        self._best: float | None = None
        self._epochs: dict[int, int] = {}
        self._since: dict[int, float] = {}
        self._steps: set[str] = set()

    def sweep_started(self, sweep: SweepStarted) -> None:
        self._sweep = sweep
        self._num_ended = sweep.finished
        self._best = sweep.found.best[1] if sweep.found.best else None

    def noted(self, line: str) -> None:
        print_line(line)

    def progressed(self, what: str, done: int, total: int) -> None:
        if what and what not in self._steps:
            self._steps.add(what)
            print_line(f"{what}: {total:,}" if total else what)

    def trial_started(self, trial: TrialStarted) -> None:
        self._epochs[trial.number] = trial.epochs
        self._since[trial.number] = self._clock()

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        if report.note:
            print_line(f"trial {number:<3}  {report.note}")

    def trial_ended(self, trial: TrialEnded) -> None:
        self._num_ended += trial.outcome.kind is not OutcomeKind.INTERRUPTED
        is_complete = trial.outcome.kind is OutcomeKind.COMPLETED
        if is_complete and is_better(trial.value, self._best, self._sweep.mode):
            self._best = trial.value
        print_line(self._line(trial))

    def ended_elsewhere(self, number: int, kind: OutcomeKind, value: float | None, epochs: int) -> None:
        self._num_ended += 1
        if kind is OutcomeKind.COMPLETED and is_better(value, self._best, self._sweep.mode):
            self._best = value

    def _line(self, trial: TrialEnded) -> str:
        asked = self._epochs.pop(trial.number, 0)
        told = told_params(trial.params, self._sweep.names)
        seconds = self._clock() - self._since.pop(trial.number, self._clock())
        parts = [
            f"trial {trial.number:<3}",
            f"{WORDS[trial.outcome.kind]:<{WIDEST}}",
            self._score(trial),
            f"{_epochs_done(trial.last)}/{asked or _epochs_asked(trial.last)} epochs",
            params_line({name: value for name, value in told.items() if name != "epochs"}),
            f"{seconds:.1f} s",
            f"[{self._num_ended}/{self._sweep.trials}]",
            trial.outcome.message,
        ]
        return "  ".join(part for part in parts if part)

    def _score(self, trial: TrialEnded) -> str:
        name = self._sweep.metric.removeprefix("val/")
        value = "-" if trial.value is None else f"{trial.value:.3f}"
        return f"{name} {value:<5}" + (f" (best {self._best:.3f})" if self._best is not None else "")


def _epochs_done(last: EpochReport | None) -> int:
    return last.epoch if last else 0


def _epochs_asked(last: EpochReport | None) -> int:
    return last.epochs if last else 0


class EpochLines(Listener):
    """A line for each epoch of a lone training, and for all that is said."""

    def noted(self, line: str) -> None:
        print_line(line)

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        for line in filter(None, (report.note, epoch_line(report))):
            print_line(line)


class Warnings(Listener):
    """Nothing but what also those should hear who want to hear nothing else."""

    def warned(self, line: str) -> None:
        print_line(line)


def print_line(line: str) -> None:
    """One line on stderr, whatever is in it."""
    print(on_one_line(visible(line)), file=sys.stderr, flush=True)


def epoch_line(report: EpochReport) -> str:
    """An epoch with its losses and scores, and what an outlier rule dropped in it."""
    shown = {
        "loss": "train/loss",
        "val loss": "val/loss",
        "accuracy": "val/accuracy",
        "uar": "val/uar",
        "images/s": "images_per_s",
    }
    figures = "  ".join(f"{name} {report.metrics[key]:.4g}" for name, key in shown.items() if key in report.metrics)
    removed = _removed(report.outliers) if report.outliers and report.outliers.removed else ""
    stage = f"stage {report.stage}/{report.stages}  " if report.stage else ""
    return f"{stage}epoch {report.epoch}/{report.epochs}  {figures}{removed}{'  best' if report.is_best else ''}"


def _removed(outliers: OutlierReport) -> str:
    """What an outlier rule dropped; how well, where the data set knows which labels are wrong."""
    text = f"  {outliers.act} {len(outliers.removed)} of {outliers.num_before}"
    if outliers.precision is None or outliers.recall is None:
        return text
    chance = (outliers.num_mislabelled or 0) / outliers.num_before
    return (
        f"{text}: {outliers.precision:.0%} of them wrong-labelled (chance {chance:.0%}), "
        f"{outliers.recall:.0%} of the wrong labels found"
    )
