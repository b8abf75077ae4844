"""`class_weights`: rare classes count more in the loss."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ferray import registry
from ferray.imbalance import Criterion, ImbalanceStrategy
from ferray.imbalance._per_class import Normalisation, inverse_frequency, weighted_cross_entropy


class ClassWeights(ImbalanceStrategy):
    """Weigh each class in the cross-entropy by n ** -power.

    The mean is over samples (a batch is not divided by the sum of its weights). At the defaults the weights are
    N / (C n), scikit-learn's `balanced`. Source: King and Zeng, "Logistic Regression in Rare Events Data", Political
    Analysis 9(2), 2001, section 4.2.
    """

    class Params(registry.Params):
        power: Annotated[float, Field(ge=0, le=2)] = 1.0
        """0 changes nothing, 1 is inverse frequency."""
        normalisation: Normalisation = "samples"
        """What the weights average to 1 over."""

    params: Params

    def criterion(self, progress: float) -> Criterion:
        return weighted_cross_entropy(inverse_frequency(self.counts, self.params.power, self.params.normalisation))
