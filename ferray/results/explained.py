"""What a trial gets wrong on its validation images: confused pairs of classes, highest losses. N = images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ferray.stats.intervals import Interval, wilson_interval


@dataclass(frozen=True)
class ConfusedPair:
    """`count` of the `n` images of the class `label` were taken for `predicted`."""

    label: int
    predicted: int
    count: int
    n: int

    @property
    def share(self) -> float:
        return self.count / self.n

    @property
    def interval(self) -> Interval:
        """Of the share, 95 %."""
        return wilson_interval(self.count, self.n)


@dataclass(frozen=True)
class Judged:
    """How a trial answered: `losses` (N,) float64 cross-entropy, `probability` (N,) that it gave the label."""

    labels: NDArray[np.int64]
    predicted: NDArray[np.int64]
    losses: NDArray[np.float64]
    probability: NDArray[np.float64]

    @classmethod
    def of(cls, logits_NC: NDArray[np.float32], labels: NDArray[np.int64]) -> Judged:
        """By the logits that it was judged by."""
        exact_NC = logits_NC.astype(np.float64)
        shifted_NC = exact_NC - exact_NC.max(axis=1, keepdims=True)
        log_p_NC = shifted_NC - np.log(np.exp(shifted_NC).sum(axis=1, keepdims=True))
        log_p_N = log_p_NC[np.arange(len(labels)), labels]
        return cls(labels, logits_NC.argmax(axis=1), -log_p_N, np.exp(log_p_N))

    def recall(self, label: int) -> tuple[int, int]:
        """Images of this class that were recognised, and all of them."""
        mine = self.labels == label
        return int((mine & (self.predicted == label)).sum()), int(mine.sum())

    def highest_losses(self, label: int, most: int) -> NDArray[np.int64]:
        """Positions of the images of this class with the highest losses, the highest first."""
        return self._by_loss(self.labels == label)[:most]

    def confused(self, pair: ConfusedPair, most: int) -> NDArray[np.int64]:
        """Positions of the images of a pair, the highest loss first."""
        return self._by_loss((self.labels == pair.label) & (self.predicted == pair.predicted))[:most]

    def pairs(self, most: int) -> list[ConfusedPair]:
        """The most confused pairs: those whose share of the class is large for sure, by its interval's lower end."""
        names, counts = np.unique(np.stack([self.labels, self.predicted], axis=1), axis=0, return_counts=True)
        sizes = np.bincount(self.labels)
        found = [
            ConfusedPair(label, predicted, count, int(sizes[label]))
            for (label, predicted), count in zip(names.tolist(), counts.tolist(), strict=True)
            if label != predicted
        ]
        return sorted(found, key=lambda pair: (-pair.interval[0], -pair.count, pair.label, pair.predicted))[:most]

    def _by_loss(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        positions = np.flatnonzero(chosen)
        order: NDArray[np.int64] = positions[np.argsort(-self.losses[positions], kind="stable")]
        return order
