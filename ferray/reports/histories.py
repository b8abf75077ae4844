"""The epochs that a page reads: of a large sweep the best trials' and an even selection of the others'."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from ferray.artifacts.history import read_history, read_seconds
from ferray.artifacts.sweep import SweepArtifacts
from ferray.errors import DataError
from ferray.events import EpochReport
from ferray.results.leaderboard import Leaderboard
from ferray.results.sweep import Sweep
from ferray.study.records import TrialRecord

MOST_CURVES = 400  # lines of a figure, beyond which nobody tells one from another


@dataclass(frozen=True)
class Histories:
    """The epochs of trials by number, of those that have left any; `damaged` is a sentence for each that is not read.

    Those are the trials whose curves a page shows: the `num_best` first ones of the leaderboard, then every
    `stride`-th of the others; `num_left` have none there. `seconds` are what each epoch took, drawn or not, of trials
    whose cost only their epochs tell.
    """

    epochs: dict[int, list[EpochReport]] = field(default_factory=dict)
    seconds: dict[int, list[float]] = field(default_factory=dict)
    num_best: int = 0
    stride: int = 1
    num_left: int = 0
    damaged: tuple[str, ...] = ()


def read_histories(sweep: Sweep, board: Leaderboard, most: int = MOST_CURVES) -> Histories:
    """Read those that are drawn, `most` at most, and what the epochs of those took whose cost they alone tell."""
    left = [trial for trial in board.trials if trial.folder]
    num_best = len(left) if len(left) <= most else most // 2
    stride = max(1, -(-(len(left) - num_best) // (most - most // 2)))
    drawn = [*left[:num_best], *left[num_best:][::stride]]
    epochs, damaged = _read(sweep, drawn)
    seconds = _seconds(sweep, [trial for trial in left if _is_timed_by_epochs(trial)])
    return Histories(epochs, seconds, num_best, stride, len(left) - len(drawn), damaged)


def _is_timed_by_epochs(trial: TrialRecord) -> bool:
    """What a pruned one was not given is told by its epochs: its whole time is its last attempt's, and shared."""
    return trial.epochs > 0 and (trial.state == "pruned" or not trial.seconds)


def _seconds(sweep: Sweep, trials: Sequence[TrialRecord]) -> dict[int, list[float]]:
    artifacts, found = SweepArtifacts.of(sweep.folder), dict[int, list[float]]()
    for trial in trials:
        with suppress(DataError, OSError):
            found[trial.number] = read_seconds(artifacts.trial(trial.folder))
    return found


def _read(sweep: Sweep, trials: Sequence[TrialRecord]) -> tuple[dict[int, list[EpochReport]], tuple[str, ...]]:
    """By number, of each trial that has left any, and a sentence on each that is damaged; both in order of number."""
    artifacts, found, damaged = SweepArtifacts.of(sweep.folder), dict[int, list[EpochReport]](), list[str]()
    for trial in sorted(trials, key=lambda trial: trial.number):
        try:
            if history := read_history(artifacts.trial(trial.folder)):
                found[trial.number] = [_for_curves(report) for report in history]
        except (DataError, OSError) as error:
            damaged.append(f"the epochs of trial {trial.number} are left out: {error}")
    return found, tuple(damaged)


def _for_curves(report: EpochReport) -> EpochReport:
    """Without what no curve is drawn from, which is most of it."""
    return replace(report, confusion=(), classes=(), outliers=None)
