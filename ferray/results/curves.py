"""How a figure of the epochs goes on through training, over the seeds and folds of an arm."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ferray.events import EpochReport

Value = Callable[[EpochReport], float | None]


@dataclass(frozen=True)
class Curve:
    """Mean, lowest and highest value at each epoch, over the trainings that reached it; epochs count in their fold."""

    epochs: tuple[int, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    num_runs: int

    def __bool__(self) -> bool:
        return bool(self.epochs)


def curve(histories: Iterable[Sequence[EpochReport]], value: Value) -> Curve:
    """The curve of `value` through the trainings behind these histories; what is None or not finite has no say."""
    runs = [run for history in histories for run in _runs(history)]
    points: dict[int, list[float]] = {}
    for run in runs:
        for epoch, report in run:
            found = value(report)
            if found is not None and math.isfinite(found):
                points.setdefault(epoch, []).append(found)
    epochs = tuple(sorted(points))
    return Curve(
        epochs,
        mean=tuple(math.fsum(points[epoch]) / len(points[epoch]) for epoch in epochs),
        low=tuple(min(points[epoch]) for epoch in epochs),
        high=tuple(max(points[epoch]) for epoch in epochs),
        num_runs=len(runs),
    )


def metric_value(name: str) -> Value:
    """The metric of this name."""
    return lambda report: report.metrics.get(name)


def loss_variance(report: EpochReport) -> float | None:
    """The variance of the errors of the training samples, where an outlier rule looked."""
    return report.outliers.variance if report.outliers else None


def _runs(history: Sequence[EpochReport]) -> list[list[tuple[int, EpochReport]]]:
    """A history cut into its folds, epochs counted from 1 in each."""
    folds: dict[int, list[tuple[int, EpochReport]]] = {}
    for report in history:
        of_fold = report.epochs // report.folds
        folds.setdefault(report.fold, []).append((report.epoch - report.fold * of_fold, report))
    return list(folds.values())
