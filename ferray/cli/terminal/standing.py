"""How a sweep stands while it runs: what runs, what has ended, how long it still takes. Whoever shows it keeps it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ferray.config.readable import readable_params
from ferray.events import OutcomeKind
from ferray.stats.ranking import Mode, trial_rank


@dataclass
class Row:
    """A running trial; `value` is its latest epoch's objective, `best` that of its best one."""

    number: int
    epochs: int
    params: Mapping[str, Any]
    epoch: int = 0
    value: float | None = None
    best: float | None = None


@dataclass
class Pace:
    """How quickly epochs come, whichever trial's, from the beginning of the first one that was seen to the last.

    `began` is that beginning; where it is None, the first epoch's own length tells it.
    """

    epochs: int = 0
    images: float = 0.0
    busy_s: float = 0.0
    began: float | None = None
    _latest: float = 0.0

    def count(self, now: float, metrics: Mapping[str, float]) -> None:
        """An epoch has ended just now."""
        seconds = metrics.get("seconds", 0.0)
        self.epochs += 1
        self.images += metrics.get("images_per_s", 0.0) * seconds
        self.busy_s += seconds
        self._latest = now
        if self.began is None:
            self.began = now - seconds

    def time_for(self, epochs: float, now: float) -> float | None:
        """Seconds until so many more epochs will have ended, counted down between them; None before the first one."""
        if self.began is None or not self.epochs:
            return None
        return max(0.0, epochs * (self._latest - self.began) / self.epochs - (now - self._latest))


@dataclass
class Standing:
    """A sweep of `trials` trials: those that run, those that have ended by outcome, and the best complete one.

    `finished` counts against the budget, `ended` also what was interrupted. `until` is when the time budget is spent.
    `trials` is None where nobody has said how many are asked for. `knows_latest`: whether every epoch's value is heard,
    and not the best one's alone. `waiting` trials were asked and have no worker yet, as far as that is known.
    """

    metric: str
    mode: Mode
    trials: int | None
    slots: int
    began: float
    until: float | None = None
    knows_latest: bool = True
    finished: int = 0
    ended: Counter[OutcomeKind] = field(default_factory=Counter)
    best: tuple[int, float] | None = None
    running: dict[int, Row] = field(default_factory=dict)
    waiting: int = 0
    pace: Pace = field(default_factory=Pace)
    _epochs_of_ended: list[int] = field(default_factory=list)
    _seen: dict[str, set[str]] = field(default_factory=dict)
    _num_seen: Counter[str] = field(default_factory=Counter)
    _num_started: int = 0

    def start(self, row: Row) -> None:
        """A trial begins."""
        self.running[row.number] = row
        self.meet(row.params)

    def meet(self, params: Mapping[str, Any]) -> None:
        """Learn from one more trial what differs between them."""
        self._num_started += 1
        for name, text in readable_params(params).items():
            self._seen.setdefault(name, set()).add(text)
            self._num_seen[name] += 1

    def advance(self, number: int, *, epoch: int, value: float | None, is_best: bool) -> None:
        """A running trial has finished an epoch."""
        row = self.running[number]
        row.epoch, row.value = epoch, value
        row.best = value if is_best or row.best is None else row.best

    def end(self, number: int, kind: OutcomeKind, value: float | None, *, epochs: int) -> Row | None:
        """A trial has ended after so many epochs; its row."""
        row = self.running.pop(number, None)
        self.ended[kind] += 1
        if kind is not OutcomeKind.INTERRUPTED:
            self.finished += 1
            self._epochs_of_ended.append(epochs)
        if kind is OutcomeKind.COMPLETED and value is not None:
            known = [self.best] if self.best else []
            self.best = min([*known, (number, value)], key=lambda trial: trial_rank(trial[0], trial[1], self.mode))
        return row

    def differing(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Those of a trial's parameters that are not the same in every trial so far; all of a lone trial's.

        The number of epochs is left out: it has a column of its own.
        """
        others = {name: value for name, value in params.items() if name != "epochs"}
        if self._num_started < 2:
            return others
        return {
            name: value
            for name, value in others.items()
            if len(self._seen[name]) > 1 or self._num_seen[name] < self._num_started
        }

    @property
    def images_per_s(self) -> float | None:
        """Of all slots that are busy together; None where none is, or no epoch has said."""
        if not self.pace.busy_s or not self.pace.images or not self.running:
            return None
        return self.pace.images / self.pace.busy_s * min(self.slots, len(self.running))

    def seconds_left(self, now: float) -> float | None:
        """How long the epochs of running trials and of those not yet begun take; None before the first epoch.

        None as well while nothing runs: between two trials, and at the end.
        """
        rows = self.running.values()
        if not rows or self.trials is None:
            return None
        waiting = max(0, self.trials - self.finished - len(rows))
        typical = _mean([*self._epochs_of_ended, *(row.epochs for row in rows)])
        left = self.pace.time_for(sum(row.epochs - row.epoch for row in rows) + waiting * typical, now)
        if left is None or self.until is None:
            return left
        return min(left, max(0.0, self.until - now))


def _mean(numbers: Iterable[float]) -> float:
    known = list(numbers)
    return sum(known) / len(known) if known else 0.0


def duration(seconds: float) -> str:
    """A length of time as far as an estimate can be trusted: `40 s`, `2 min 10 s`, `7 min`, `1 h 05 min`."""
    if round(seconds) < 60:
        return f"{round(seconds)} s"
    if seconds < 300:
        minutes, rest = divmod(round(seconds / 10) * 10, 60)
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"
