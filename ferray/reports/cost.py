"""What a sweep cost, and what pruning is estimated to have saved of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from ferray.study.records import SweepRecord, TrialRecord

HOW_SPENT = "the time from each trial's start to its end, added up, whatever ran side by side"
HOW_SAVED = (
    "an estimate, without an interval: for each pruned trial the epochs that it was not given, "
    "times the mean seconds of those that it had"
)


@dataclass(frozen=True)
class Spent:
    """Trials that ended in one way, their epochs, and the seconds that they took."""

    outcome: str
    trials: int
    epochs: int
    seconds: float


@dataclass(frozen=True)
class Cost:
    """What trials took, by how they ended.

    `saved_s` is how much longer the pruned trials would have taken, `saved_epochs` how many epochs they lacked.
    """

    by_outcome: tuple[Spent, ...]
    saved_s: float
    saved_epochs: int
    num_pruned: int

    @property
    def seconds(self) -> float:
        """Of all trials together."""
        return sum(spent.seconds for spent in self.by_outcome)

    @property
    def epochs(self) -> int:
        """Of all trials together."""
        return sum(spent.epochs for spent in self.by_outcome)

    @property
    def saved_fraction(self) -> float:
        """The saved share of what the sweep would have cost without pruning, in [0, 1]."""
        whole = self.seconds + self.saved_s
        return self.saved_s / whole if whole else 0.0


def cost_of(record: SweepRecord, timed: Mapping[int, Sequence[float]]) -> Cost:
    """The cost of every trial, however it ended; `timed` has by number the seconds of epochs, where they are known."""
    pace = {trial.number: _pace(trial, timed.get(trial.number, ())) for trial in record.trials}
    pruned = [trial for trial in record.trials if trial.state == "pruned" and trial.epochs]
    outcomes = dict.fromkeys(trial.ending for trial in record.trials)
    return Cost(
        by_outcome=tuple(_spent(outcome, record.trials, pace) for outcome in outcomes),
        saved_s=sum(_left(trial) * pace[trial.number] for trial in pruned),
        saved_epochs=sum(map(_left, pruned)),
        num_pruned=len(pruned),
    )


def _spent(outcome: str, trials: Sequence[TrialRecord], pace: Mapping[int, float]) -> Spent:
    of_outcome = [trial for trial in trials if trial.ending == outcome]
    seconds = sum(trial.seconds or trial.epochs * pace[trial.number] for trial in of_outcome)
    return Spent(outcome, len(of_outcome), sum(trial.epochs for trial in of_outcome), seconds)


def _pace(trial: TrialRecord, timed: Sequence[float]) -> float:
    """Seconds an epoch: by its epochs where they are known, else by its whole time."""
    if timed:
        return fmean(timed)
    return trial.seconds / trial.epochs if trial.epochs else 0.0


def _left(trial: TrialRecord) -> int:
    return max(0, trial.epochs_asked - trial.epochs)


def duration(seconds: float) -> str:
    """`42 s`, `12 min`, `3.4 h`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:,.1f} h"
