"""`undersample`: fewer samples of the frequent classes. Letters: N samples, M drawn."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ferray import registry
from ferray.imbalance import ImbalanceStrategy


class Undersample(ImbalanceStrategy):
    """Draw the same number of samples from every class, a fresh subset each epoch.

    A class with fewer than `per_class` samples gives all it has. Source: Japkowicz and Stephen, "The class imbalance
    problem: A systematic study", Intelligent Data Analysis 6(5), 2002 (random undersampling).
    """

    class Params(registry.Params):
        per_class: Annotated[int, Field(ge=1)] | None = None
        """Samples of a class in one epoch; null is as many as the smallest class that occurs."""

    params: Params

    def sampler(self, labels: NDArray[np.int64], generator: np.random.Generator) -> NDArray[np.int64]:
        """Positions (M,) in random order, each at most once."""
        classes, counts = np.unique(labels, return_counts=True)
        if not len(classes):
            return np.empty(0, dtype=np.int64)
        wanted = self.params.per_class or int(counts.min())
        chosen = [
            generator.choice(np.flatnonzero(labels == label), size=min(wanted, int(count)), replace=False)
            for label, count in zip(classes, counts, strict=True)
        ]
        return generator.permutation(np.concatenate(chosen))
