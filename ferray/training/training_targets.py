"""Where the targets of training samples come from. N = samples, B = samples asked for, C = classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ferray.data.datasets import TargetKind
from ferray.training.seeding import derive_generator
from ferray.training.training_set import TrainingSet


class TrainingTargets:
    """What training samples are to be answered with, as the data set's choice has it; any thread may ask.

    Of samples with votes: their shares, or in each epoch one label a sample, drawn by them. A label that was corrected
    on the way has taken the place of the votes. Source: Barsoum et al., "Training Deep Networks for Facial Expression
    Recognition with Crowd-Sourced Label Distribution", ICMI 2016 (cross-entropy loss, probabilistic label drawing).
    """

    def __init__(self, training: TrainingSet, kind: TargetKind, *, seed: int) -> None:
        self._training = training
        self._kind = kind
        self._seed = seed
        self._drawn: tuple[int, NDArray[np.float32]] = (0, np.empty(0, dtype=np.float32))  # of an epoch

    def of(self, positions: NDArray[np.int64], *, epoch: int) -> NDArray[np.float32] | None:
        """Probabilities (B, C) for the samples at these positions of the split; None is all on each one's label."""
        votes_NC = self._training.samples.votes
        if votes_NC is None or self._kind == "label":
            return None
        if self._kind == "votes":
            return votes_NC[positions]
        return drawn_targets(votes_NC[positions], self._uniform(epoch)[positions])

    def _uniform(self, epoch: int) -> NDArray[np.float32]:
        """A number in [0, 1) for each sample of the split (N,), the same whoever asks first."""
        drawn = self._drawn
        if drawn[0] != epoch:
            generator = derive_generator(self._seed, "votes", epoch)
            drawn = self._drawn = (epoch, generator.random(len(self._training.samples), dtype=np.float32))
        return drawn[1]


def drawn_targets(votes_BC: NDArray[np.float32], uniform_B: NDArray[np.float32]) -> NDArray[np.float32]:
    """All probability on one class a sample (B, C), each as likely as its share of the votes."""
    below_BC = votes_BC.cumsum(axis=1) <= uniform_B[:, None]
    # Shares are rounded: where they sum to less than a number that was drawn, it is the last class with votes.
    last_B = votes_BC.shape[1] - 1 - (votes_BC[:, ::-1] > 0).argmax(axis=1)
    classes = np.eye(votes_BC.shape[1], dtype=np.float32)
    targets_BC: NDArray[np.float32] = classes[np.minimum(below_BC.sum(axis=1), last_B)]
    return targets_BC
