"""What our trials of one arm scored on one split, whatever that split is: validation, test or folds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ferray.artifacts.sweep import SweepArtifacts
from ferray.results.held_out import read_held_out
from ferray.stats.clusters import Clusters
from ferray.stats.estimates import Estimate, Metric, of_confusion, of_folds, of_mean_recall, of_seeds
from ferray.study.records import TrialRecord

Hits = tuple[int, int]  # right, of


@dataclass(frozen=True)
class Score:
    """One trial on one split, or one of its folds."""

    value: float
    confusion: tuple[tuple[int, ...], ...]
    num_train: int = 0
    clusters: Clusters | None = None

    @property
    def n(self) -> int:
        return sum(map(sum, self.confusion))


@dataclass(frozen=True)
class Measured:
    """An arm's scores by seed: one each or, where `folds` tells how the images were cut, one for every fold."""

    metric: Metric
    by_seed: dict[int, tuple[Score, ...]]
    classes: tuple[str, ...]
    folds: str = ""

    @property
    def n(self) -> int:
        """Images that one seed is judged on, all folds together."""
        return sum(score.n for score in next(iter(self.by_seed.values())))

    @property
    def num_train(self) -> float:
        """Images that all folds of one seed train on, each as often as it does."""
        return math.fsum(score.num_train for score in next(iter(self.by_seed.values())))

    def values(self, seed: int) -> list[float]:
        """The scores of one seed."""
        return [score.value for score in self.by_seed[seed]]

    def estimate(self) -> Estimate:
        """The arm's score, over folds, over seeds or of its only trial."""
        if self.folds:
            values = [value for seed in self.by_seed for value in self.values(seed)]
            sizes = {"num_train": self.num_train, "num_val": self.n}
            return of_folds(values, **sizes, n=self.n, num_seeds=len(self.by_seed))
        return _mean(
            [
                of_confusion(self.metric, score.value, score.confusion, score.clusters)
                for (score,) in self.by_seed.values()
            ]
        )

    def confusion(self) -> NDArray[np.int64]:
        """Counts (C, C) over all seeds and folds, rows being truth."""
        counts = [score.confusion for scores in self.by_seed.values() for score in scores]
        total: NDArray[np.int64] = np.sum(np.array(counts, dtype=np.int64), axis=0)
        return total

    def class_sizes(self) -> tuple[int, ...]:
        """Images of each class that one seed is judged on."""
        first = next(iter(self.by_seed.values()))
        return tuple(sum(sum(score.confusion[label]) for score in first) for label in range(len(self.classes)))

    def recall(self, label: int) -> tuple[Hits, Estimate] | None:
        """Right and of for one class, summed over seeds and folds, and its recall; None for a class without images."""
        n = self.class_sizes()[label]
        if not n:
            return None
        right = int(self.confusion()[label, label])
        return (right, n * len(self.by_seed)), of_mean_recall(right, n, len(self.by_seed))


def _mean(each: list[Estimate]) -> Estimate:
    return of_seeds(each) if len(each) > 1 else each[0]


def measured_on(split: str, metric: Metric, trials: Mapping[int, TrialRecord], folder: Path) -> Measured | None:
    """The scores of an arm's `trials`, by seed; None where the split was not measured, or not for all of them.

    `folder` is the sweep's, in which `ferray evaluate` leaves what trials score on the test split.
    """
    first = next(iter(trials.values()))
    folds = str(first.config.get("folds")) if first.folds and split != "test" else ""
    found = {seed: _scores(split, metric, trial, folder) for seed, trial in trials.items()}
    if split == "cv" and not folds:
        return None
    by_seed = {seed: scores for seed, scores in found.items() if scores}
    return Measured(metric, by_seed, first.classes, folds) if len(by_seed) == len(trials) else None


def _scores(split: str, metric: Metric, trial: TrialRecord, folder: Path) -> tuple[Score, ...]:
    name = f"val/{metric}"
    if split == "test":
        held_out = read_held_out(SweepArtifacts.of(folder).trial(trial.folder))
        if held_out is None or held_out.epoch != trial.best_epoch:  # of a checkpoint that is there no more
            return ()
        return (Score(held_out.metrics[f"test/{metric}"], held_out.confusion, clusters=held_out.clusters),)
    if trial.folds:
        return tuple(Score(fold.metrics[name], fold.confusion, fold.num_train) for fold in trial.folds)
    return (Score(trial.metrics[name], trial.confusion),)
