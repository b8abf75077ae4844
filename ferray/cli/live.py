"""The live table of a sweep on a terminal: what runs, how it stands, how long it still takes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ferray.config.readable import params_line
from ferray.events import EpochReport, Listener, OutcomeKind, SweepStarted, TrialEnded, TrialStarted


@dataclass
class _Row:
    """A running trial as the table shows it."""

    started: TrialStarted
    epoch: int = 0
    value: float | None = None
    best: float | None = None


@dataclass
class _State:
    """What has been seen so far."""

    sweep: SweepStarted
    began: float
    running: dict[int, _Row] = field(default_factory=dict)
    ended: Counter[OutcomeKind] = field(default_factory=Counter)
    best: tuple[int, float] | None = None
    images: float = 0.0
    busy_s: float = 0.0

    def is_better(self, value: float) -> bool:
        if self.best is None:
            return True
        return value > self.best[1] if self.sweep.mode == "max" else value < self.best[1]


class LiveTable(Listener):
    """Redraws a few lines on stderr while trials run; a line for each finished trial stays above them."""

    def __init__(self, console: Console | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console or Console(stderr=True)
        self._clock = clock
        self._live: Live | None = None
        self._state: _State | None = None

    def sweep_started(self, sweep: SweepStarted) -> None:
        self._state = _State(sweep, self._clock())
        self._live = Live(get_renderable=self._render, console=self._console, refresh_per_second=2, transient=True)
        self._live.start()

    def trial_started(self, trial: TrialStarted) -> None:
        if self._state is not None:
            self._state.running[trial.number] = _Row(trial)

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        state = self._state
        if state is None or number not in state.running:
            return
        if report.note:
            self._console.print(Text(f"trial {number:>3}  {report.note}"), soft_wrap=True)
        row = state.running[number]
        row.epoch, row.value = report.epoch, report.metrics.get(state.sweep.metric)
        row.best = row.value if report.is_best or row.best is None else row.best
        state.images += report.metrics.get("images_per_s", 0.0) * report.metrics.get("seconds", 0.0)
        state.busy_s += report.metrics.get("seconds", 0.0)

    def trial_ended(self, trial: TrialEnded) -> None:
        state = self._state
        if state is None:
            return
        row = state.running.pop(trial.number, None)
        state.ended[trial.outcome.kind] += 1
        if trial.outcome.kind is OutcomeKind.COMPLETED and trial.value is not None and state.is_better(trial.value):
            state.best = (trial.number, trial.value)
        self._console.print(
            Text(_finished_line(trial, row, state.sweep.metric), style=_STYLES.get(trial.outcome.kind, "")),
            soft_wrap=True,
        )

    def close(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _render(self) -> RenderableType:
        assert self._state is not None
        return Group(_running_table(self._state, self._console.width), Text(_summary(self._state, self._clock())))


_WORDS = {OutcomeKind.COMPLETED: "complete"}
_STYLES = {
    OutcomeKind.COMPLETED: "green",
    OutcomeKind.PRUNED: "dim",
    OutcomeKind.FAILED: "red",
    OutcomeKind.DIVERGED: "yellow",
}


def _running_table(state: _State, width: int) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), width=width)
    for name in ("trial", "epoch", state.sweep.metric, "best"):
        table.add_column(name, justify="right", no_wrap=True, min_width=max(5, len(name)))
    table.add_column("parameters", no_wrap=True, overflow="ellipsis", ratio=1)
    for number, row in sorted(state.running.items()):
        epoch = f"{row.epoch}/{row.started.epochs}"
        table.add_row(str(number), epoch, _number(row.value), _number(row.best), params_line(row.started.params))
    return table


def _summary(state: _State, now: float) -> str:
    done = state.sweep.finished + sum(
        count for kind, count in state.ended.items() if kind is not OutcomeKind.INTERRUPTED
    )
    parts = [f"{done}/{state.sweep.trials} trials", f"{len(state.running)} running"]
    parts += [f"{count} {kind.value}" for kind, count in state.ended.items()]
    if state.best is not None:
        parts.append(f"best {state.best[1]:.3f} (trial {state.best[0]})")
    if state.busy_s:
        parts.append(f"{state.images / state.busy_s * min(state.sweep.slots, max(1, len(state.running))):.0f} images/s")
    ended = sum(state.ended.values())
    if ended:
        left = (now - state.began) / ended * (state.sweep.trials - done)
        parts.append(f"about {_duration(left)} left")
    return "  ".join(parts)


def _finished_line(trial: TrialEnded, row: _Row | None, metric: str) -> str:
    epochs = f"{trial.last.epoch}/{trial.last.epochs} epochs" if trial.last else "no epoch"
    value = f"{metric} {trial.value:.3f}" if trial.value is not None else trial.outcome.message
    params = trial.params or (row.started.params if row else {})
    word = _WORDS.get(trial.outcome.kind, trial.outcome.kind.value)
    return f"trial {trial.number:>3}  {word:<11}  {value}  {epochs}  {params_line(params)}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
