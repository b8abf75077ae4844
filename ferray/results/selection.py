"""What choosing the best of a sweep's trials did to its score, in numbers and in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from statistics import median
from typing import Any, Literal, Protocol

from ferray.results.trial_intervals import image_interval
from ferray.stats.ranking import is_better, sign
from ferray.stats.selection import ExpectedBest, expected_best, expected_maximum, rank_intervals, worth_of_best
from ferray.study.records import TrialRecord
from ferray.text.counting import counted

# Of two trials' errors on the same images. Networks of one kind agree about most images, and their common error moves
# all of them alike: it cannot decide who wins.
ASSUMED_CORRELATION = 0.5
MOST_JUDGED = 200  # trials whose error is looked at
NUM_NAMED = 3
BUDGETS = (1, 2, 5)  # of every power of ten


class Ranking(Protocol):
    """What is needed of a leaderboard."""

    @property
    def complete(self) -> Sequence[TrialRecord]: ...

    @property
    def pruned(self) -> Sequence[TrialRecord]: ...

    @property
    def metric(self) -> str: ...

    @property
    def mode(self) -> Literal["max", "min"]: ...


@dataclass(frozen=True)
class SelectionEffects:
    """Effects of choosing on one set of validation images; `complete` are best first.

    `error` is that of one value apart from what all trials share, as they are judged on the same images: the standard
    error of one model on `n` images times the root of 1 - `correlation`. None where the objective has no interval.
    `searched` are the values of all trials that had one, pruned ones by their best so far.
    """

    metric: str
    mode: Literal["max", "min"]
    complete: tuple[TrialRecord, ...]
    searched: tuple[float, ...]
    error: float | None
    correlation: float

    @property
    def n(self) -> int:
        """Validation images."""
        return self.complete[0].num_val if self.complete else 0

    @property
    def value(self) -> float | None:
        """The best validation value."""
        return self.complete[0].value if self.complete else None

    @cached_property
    def optimism(self) -> float | None:
        """By how much the best value is likely to lie on the good side of the truth as it was chosen; not below 0.

        Known to about one `error`. Of the checkpoint on new images; that a trial counts by its best epoch is not in it.
        """
        if self.error is None or len(self.complete) < 2:
            return None
        return self._values[0] - worth_of_best(self._values, self.error)

    @property
    def expected(self) -> float | None:
        """What the best checkpoint is likely to score on new images."""
        if self.optimism is None or self.value is None:
            return None
        return self.value - self._sign * self.optimism

    @property
    def by_chance(self) -> float | None:
        """How far above their worth the best of as many trials would lie on average if all were equally good."""
        return None if self.error is None else self.error * expected_maximum(len(self.complete))

    @cached_property
    def ranks(self) -> Mapping[int, tuple[int, int]]:
        """The ranks that each complete trial may truly have, by number; empty where the objective has no interval."""
        if self.error is None:
            return {}
        found = rank_intervals(self._values, self.error)
        return {trial.number: ranks for trial, ranks in zip(self.complete, found, strict=True)}

    @property
    def level(self) -> tuple[int, ...]:
        """The trials that cannot be told from the best one, by number, best first."""
        if not self.ranks:
            return ()
        lowest = self.ranks[self.complete[0].number][1]
        return tuple(trial.number for trial in self.complete[1:lowest])

    @property
    def is_inside_noise(self) -> bool:
        """Whether the winner leads by less than the noise."""
        return bool(self.level)

    @cached_property
    def expected_best(self) -> tuple[ExpectedBest, ...]:
        """What smaller budgets would have found, had the same trials been asked in random order."""
        if not self.searched:
            return ()
        found = expected_best([self._sign * value for value in self.searched], _budgets(len(self.searched)))
        return tuple(found if self._sign > 0 else map(_mirrored, found))

    def sentences(self) -> list[str]:
        """The luck of the best, who is level with it, and what fewer trials would have found; () for less than two."""
        return [line for line in (self._luck(), self._standing(), self._budget()) if line]

    def to_json(self) -> dict[str, Any]:
        """Plain containers."""
        return {
            "trials": len(self.complete),
            "n": self.n,
            "value": self.value,
            "error": self.error,
            "correlation": self.correlation,
            "optimism": self.optimism,
            "expected": self.expected,
            "by_chance": self.by_chance,
            "level_with_best": list(self.level),
            "inside_noise": self.is_inside_noise,
            "rank_intervals": {str(number): list(ranks) for number, ranks in self.ranks.items()},
            "expected_best": [asdict(found) for found in self.expected_best],
        }

    @property
    def _sign(self) -> int:
        return sign(self.mode)

    @property
    def _values(self) -> list[float]:
        return [self._sign * trial.value for trial in self.complete if trial.value is not None]

    def _luck(self) -> str:
        if len(self.complete) < 2:
            return ""
        if self.optimism is None or self.expected is None or self.by_chance is None or self.error is None:
            return f"luck: not known, as `{self.metric}` has no interval on {counted(self.n, 'image')}"
        return (
            f"luck: about {self.optimism:.3f} ±{self.error:.3f} of the best value is that it was chosen among "
            f"{len(self.complete)} trials on the same {counted(self.n, 'image')}: expect {self.expected:.3f} on new "
            f"ones (of so many equally good trials the best would show {self.by_chance:.3f} too much; "
            f"the errors of two trials are taken to correlate by {self.correlation:g})"
        )

    def _standing(self) -> str:
        if not self.ranks or len(self.complete) < 2:
            return ""
        if not self.level:
            return f"ranks: the best is ahead of all others by more than the noise of {counted(self.n, 'image')}"
        more = len(self.level) - NUM_NAMED
        named = ", ".join(map(str, self.level[:NUM_NAMED])) + (f" and {more} more" if more > 0 else "")
        others = f"{'trial' if len(self.level) == 1 else 'trials'} {named}"
        return f"ranks: the best is inside the noise, level with {others} as far as {counted(self.n, 'image')} can tell"

    def _budget(self) -> str:
        if len(self.searched) < 2:
            return ""
        texts = [
            f"{found.value:.3f} [{found.interval[0]:.3f}–{found.interval[1]:.3f}] of {counted(found.budget, 'trial')}"
            for found in self.expected_best[-4:-1]
        ]
        return f"budget: in random order, expect a best of {', '.join(texts)}"


def selection_effects(board: Ranking, correlation: float = ASSUMED_CORRELATION) -> SelectionEffects:
    """The effects in a leaderboard; `correlation` is that of the errors that two trials make on the same images."""
    complete = tuple(trial for trial in board.complete if trial.value is not None)
    values = [trial.value for trial in (*complete, *board.pruned) if trial.value is not None]
    best = complete[0].value if complete else None
    within = [value for value in values if not is_better(value, best, board.mode)]
    return SelectionEffects(
        board.metric, board.mode, complete, tuple(within), _error(complete, board.metric, correlation), correlation
    )


def _error(complete: Sequence[TrialRecord], metric: str, correlation: float) -> float | None:
    intervals = [image_interval(trial, metric) for trial in complete[:MOST_JUDGED]]
    widths = [high - low for low, high in (interval for interval in intervals if interval is not None)]
    return median(widths) / 2 / 1.959964 * (1 - correlation) ** 0.5 if widths else None


def _budgets(count: int) -> list[int]:
    rounded = [digit * 10**power for power in range(6) for digit in BUDGETS]
    return [*(budget for budget in rounded if budget < count), count]


def _mirrored(found: ExpectedBest) -> ExpectedBest:
    return ExpectedBest(found.budget, -found.value, (-found.interval[1], -found.interval[0]))
