"""The live table of a sweep on a terminal: what runs, how it stands, how long it still takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

from rich.console import Console

from ferray.cli.terminal.output import progress_bars
from ferray.cli.terminal.picture import picture
from ferray.cli.terminal.rich_console import PlainConsole
from ferray.cli.terminal.screen import Screen
from ferray.cli.terminal.standing import Row, Standing
from ferray.config.option_names import OptionNames, told_params
from ferray.config.readable import params_line
from ferray.events import EpochReport, Listener, OutcomeKind, SweepStarted, TrialEnded, TrialStarted
from ferray.text.sanitize import on_one_line
from ferray.track.console import WIDEST, WORDS

INDENT = " " * 11  # of what follows a trial's number


class LiveTable(Listener):
    """Redraws a few lines on stderr while trials run; a line for each finished trial stays above them.

    While the sweep is checked before, a bar for each step.
    """

    def __init__(self, console: Console | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console or PlainConsole(stderr=True)
        self._clock = clock
        self._screen = Screen(self._console, self._draw)
        self._standing: Standing | None = None
        self._names: OptionNames = {}
        self._bars = ExitStack()
        self._update: Callable[[str, int, int], None] | None = None

    def progressed(self, what: str, done: int, total: int) -> None:
        if not what:
            self._bars.close()
            self._update = None
            return
        if self._update is None:
            self._update = self._bars.enter_context(progress_bars(self._console))
        self._update(what, done, total)

    def sweep_started(self, sweep: SweepStarted) -> None:
        now = self._clock()
        self._names = sweep.names
        self._standing = Standing(
            metric=sweep.metric,
            mode=sweep.mode,
            trials=sweep.trials,
            slots=sweep.slots,
            began=now,
            until=None if sweep.time_s is None else now + sweep.time_s,
            finished=sweep.finished,
            best=sweep.found.best,
        )
        self._standing.ended.update(sweep.found.ended)
        self._screen.start()

    def noted(self, line: str) -> None:
        self._screen.print(on_one_line(line))

    def trial_started(self, trial: TrialStarted) -> None:
        if self._standing is not None:
            self._standing.start(Row(trial.number, trial.epochs, told_params(trial.params, self._names)))

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        self.epoch_recalled(number, report)
        if self._standing is not None:
            self._standing.pace.count(self._clock(), report.metrics)

    def epoch_recalled(self, number: int, report: EpochReport) -> None:
        standing = self._standing
        if standing is None or number not in standing.running:
            return
        if report.note:
            self._screen.print(f"trial {number:>3}  {report.note}", indent=INDENT)
        value = report.metrics.get(standing.metric)
        standing.advance(number, epoch=report.epoch, value=value, is_best=report.is_best)

    def trial_ended(self, trial: TrialEnded) -> None:
        standing = self._standing
        if standing is None:
            return
        kind = trial.outcome.kind
        row = standing.end(trial.number, kind, trial.value, epochs=trial.last.epoch if trial.last else 0)
        told = told_params(trial.params, self._names) or (row.params if row else {})
        self._screen.print(_finished_line(trial, told, standing.metric), INDENT, _STYLES.get(kind, ""))

    def ended_elsewhere(self, number: int, kind: OutcomeKind, value: float | None, epochs: int) -> None:
        if self._standing is not None:
            self._standing.end(number, kind, value, epochs=epochs)

    def close(self) -> None:
        self._screen.stop()

    def _draw(self) -> list[str]:
        assert self._standing is not None
        return picture(self._standing, self._clock(), self._console.width, self._console.height)


_STYLES = {
    OutcomeKind.COMPLETED: "green",
    OutcomeKind.PRUNED: "dim",
    OutcomeKind.FAILED: "red",
    OutcomeKind.DIVERGED: "yellow",
}


def _finished_line(trial: TrialEnded, told: Mapping[str, Any], metric: str) -> str:
    epochs = f"{trial.last.epoch}/{trial.last.epochs} epochs" if trial.last else "no epoch"
    value = f"{metric} {trial.value:.3f}" if trial.value is not None else trial.outcome.message
    return f"trial {trial.number:>3}  {WORDS[trial.outcome.kind]:<{WIDEST}}  {value}  {epochs}  {params_line(told)}"
