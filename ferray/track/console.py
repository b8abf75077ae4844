"""One plain line for each finished trial: what logs, pipes and CI see of a sweep."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from ferray.config.readable import params_line
from ferray.events import EpochReport, OutcomeKind, SweepStarted, TrialEnded, TrialStarted
from ferray.text.sanitize import visible
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

    def sweep_started(self, sweep: SweepStarted) -> None:
        self._sweep = sweep
        self._num_ended = sweep.finished
        self._best = sweep.found.best[1] if sweep.found.best else None

    def noted(self, line: str) -> None:
        print(visible(line), file=sys.stderr, flush=True)

    def trial_started(self, trial: TrialStarted) -> None:
        self._epochs[trial.number] = trial.epochs
        self._since[trial.number] = self._clock()

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        if report.note:
            print(visible(f"trial {number:<3}  {report.note}"), file=sys.stderr, flush=True)

    def trial_ended(self, trial: TrialEnded) -> None:
        self._num_ended += trial.outcome.kind is not OutcomeKind.INTERRUPTED
        if trial.outcome.kind is OutcomeKind.COMPLETED and trial.value is not None:
            self._best = self._better(trial.value)
        print(visible(self._line(trial)), file=sys.stderr, flush=True)

    def _better(self, value: float) -> float:
        if self._best is None:
            return value
        return max(self._best, value) if self._sweep.mode == "max" else min(self._best, value)

    def _line(self, trial: TrialEnded) -> str:
        asked = self._epochs.pop(trial.number, 0)
        seconds = self._clock() - self._since.pop(trial.number, self._clock())
        parts = [
            f"trial {trial.number:<3}",
            f"{WORDS[trial.outcome.kind]:<{WIDEST}}",
            self._score(trial),
            f"{_epochs_done(trial.last)}/{asked or _epochs_asked(trial.last)} epochs",
            params_line({name: value for name, value in trial.params.items() if name != "epochs"}),
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
