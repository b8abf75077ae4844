"""`oversample`: more samples of the rare classes. Letters: N samples, M visited."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ferray import registry
from ferray.imbalance import ImbalanceStrategy


class Oversample(ImbalanceStrategy):
    """Repeat the samples of rare classes until each class is as large as the largest, or as a fraction of it.

    Every sample is visited; whole rounds are repeated before a remainder is drawn, so two samples of one class differ
    by at most one visit in an epoch. Source: Buda et al., "A systematic study of the class imbalance problem in
    convolutional neural networks", Neural Networks 106, 2018 (random minority oversampling).
    """

    class Params(registry.Params):
        target_fraction: Annotated[float, Field(ge=0, le=1)] = 1.0
        """The size every class reaches, as a fraction of the largest class; 0 repeats nothing."""

    params: Params

    def sampler(self, labels: NDArray[np.int64], generator: np.random.Generator) -> NDArray[np.int64]:
        """Positions (M,) in random order, each at least once."""
        classes, counts = np.unique(labels, return_counts=True)
        if not len(classes):
            return np.empty(0, dtype=np.int64)
        wanted = math.ceil(self.params.target_fraction * int(counts.max()))
        chosen = [_repeated(np.flatnonzero(labels == label), wanted, generator) for label in classes]
        return generator.permutation(np.concatenate(chosen))


def _repeated(positions: NDArray[np.int64], wanted: int, generator: np.random.Generator) -> NDArray[np.int64]:
    rounds, remainder = divmod(max(wanted, len(positions)), len(positions))
    return np.concatenate([np.tile(positions, rounds), generator.choice(positions, size=remainder, replace=False)])
