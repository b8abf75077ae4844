"""The training samples still in play."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ferray.config.trial import ImbalanceChoice
from ferray.data.samples import PackedSamples
from ferray.errors import DataError
from ferray.imbalance import ClassCounts, ImbalanceStrategy


class TrainingSet:
    """Which samples of the training split are trained on, and the imbalance strategy for their class counts."""

    def __init__(self, samples: PackedSamples, choice: ImbalanceChoice) -> None:
        self.samples = samples
        self.removed_ids: list[int] = []
        self._choice = choice
        self.initial_counts = ClassCounts.from_labels(samples.labels, len(samples.classes))
        self._keep(np.arange(len(samples), dtype=np.int64))

    def remove(self, sample_ids: frozenset[int]) -> None:
        """Drop these samples for good and build the strategy anew."""
        self.removed_ids += sorted(sample_ids)
        gone = np.isin(self.samples.sample_ids, np.asarray(self.removed_ids, dtype=np.int64))
        self._keep(np.flatnonzero(~gone))

    def order(self, generator: np.random.Generator) -> NDArray[np.int64]:
        """Positions in the split that one epoch visits: the strategy's choice, or each kept sample once, shuffled."""
        chosen = self.strategy.sampler(self.samples.labels[self.kept], generator)
        return self.kept[generator.permutation(len(self.kept)) if chosen is None else chosen]

    def _keep(self, positions: NDArray[np.int64]) -> None:
        if len(positions) < 2:
            raise DataError(f"`{len(positions)}` training images are left, training needs two", "loosen the guards")
        self.kept = positions
        counts = ClassCounts.from_labels(self.samples.labels[positions], len(self.samples.classes))
        self.strategy: ImbalanceStrategy = self._choice.load()(self._choice.build_params(), counts)


def class_counts_without(samples: PackedSamples, sample_ids: Iterable[int]) -> tuple[int, ...]:
    """How many samples of each class a split has but for these."""
    gone = np.isin(samples.sample_ids, np.fromiter(sample_ids, dtype=np.int64))
    return ClassCounts.from_labels(samples.labels[~gone], len(samples.classes)).counts
