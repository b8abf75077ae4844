"""A confusion matrix as a table: counts, the recall of each class with its interval, and how dark each cell is."""

from __future__ import annotations

from dataclasses import dataclass

from ferray.stats.intervals import Interval, wilson_interval

Rows = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Recall:
    """How many of a class's images were right; `interval` is Wilson's, 95 %."""

    right: int
    n: int
    interval: Interval

    @property
    def fraction(self) -> float:
        """In [0, 1], 0 for a class without images."""
        return self.right / self.n if self.n else 0.0


def recalls(rows: Rows) -> tuple[Recall, ...]:
    """Of each class in the order of `rows`, which are the truth."""
    return tuple(Recall(row[place], sum(row), wilson_interval(row[place], sum(row))) for place, row in enumerate(rows))
