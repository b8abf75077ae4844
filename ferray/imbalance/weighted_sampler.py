"""`weighted_sampler`: rare classes are drawn more often. Letters: N samples."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ferray import registry
from ferray.imbalance import ImbalanceStrategy


class WeightedSampler(ImbalanceStrategy):
    """Draw an epoch with replacement, each sample with probability proportional to n ** -power of its class.

    An epoch keeps its length N. Power 1 draws every class equally often, 0.5 is square-root sampling, 0 draws samples
    uniformly. Source: Mahajan et al., "Exploring the Limits of Weakly Supervised Pretraining", ECCV 2018.
    """

    class Params(registry.Params):
        power: Annotated[float, Field(ge=0, le=1)] = 1.0
        """How far towards equal classes: 0 not at all, 1 the whole way."""

    params: Params

    def sampler(self, labels: NDArray[np.int64], generator: np.random.Generator) -> NDArray[np.int64]:
        """N positions in random order, repeats included."""
        if not len(labels):
            return np.empty(0, dtype=np.int64)
        _, class_index, counts = np.unique(labels, return_inverse=True, return_counts=True)
        weight = counts.astype(np.float64)[class_index] ** -self.params.power
        return generator.choice(len(labels), size=len(labels), replace=True, p=weight / weight.sum())
