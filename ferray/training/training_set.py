"""The training samples still in play."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

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
        self.corrected: dict[int, int] = {}  # the labels that samples have been given in place of their own, by id
        self._choice = choice
        self.initial_counts = ClassCounts.from_labels(samples.labels, len(samples.classes))
        self._keep(np.arange(len(samples), dtype=np.int64))

    def remove(self, sample_ids: frozenset[int]) -> None:
        """Drop these samples for good and build the strategy anew."""
        self.removed_ids += sorted(sample_ids)
        gone = np.isin(self.samples.sample_ids, np.asarray(self.removed_ids, dtype=np.int64))
        self._keep(np.flatnonzero(~gone))

    def correct(self, labels: Mapping[int, int]) -> None:
        """Give these samples, by id, another label in place of theirs and of their votes; build the strategy anew.

        ValueError for an id that the split does not have, or a label that is none.
        """
        if not labels:
            return
        ids, given = (np.fromiter(numbers, dtype=np.int64) for numbers in (labels.keys(), labels.values()))
        positions = _positions_of(self.samples.sample_ids, ids)
        if not 0 <= given.min() <= given.max() < len(self.samples.classes):
            raise ValueError(f"a corrected label is not one of the {len(self.samples.classes)} classes")
        self.corrected |= labels
        own, votes = self.samples.labels.copy(), self.samples.votes
        own[positions] = given
        if votes is not None:
            votes = votes.copy()
            votes[positions] = np.eye(votes.shape[1], dtype=np.float32)[given]
        self.samples = replace(self.samples, labels=own, votes=votes)
        self._keep(self.kept)

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


def _positions_of(sample_ids: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where these ids stand; ValueError where one stands nowhere."""
    order = np.argsort(sample_ids, kind="stable")
    places = np.searchsorted(sample_ids, wanted, sorter=order).clip(max=len(order) - 1)
    positions: NDArray[np.int64] = order[places]
    if (sample_ids[positions] != wanted).any():
        raise ValueError("an image whose label was corrected is not in the training split")
    return positions
