"""`class_balanced`: class weights from the effective number of samples."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ferray import registry
from ferray.imbalance import Criterion, ImbalanceStrategy
from ferray.imbalance._per_class import class_balanced_weights, weighted_cross_entropy


class ClassBalanced(ImbalanceStrategy):
    """Weigh each class by (1 - beta) / (1 - beta^n), between no weights and inverse frequency.

    The weights average to 1 over the training samples, where the paper makes them sum to the number of classes.
    Source: Cui et al., "Class-Balanced Loss Based on Effective Number of Samples", CVPR 2019.
    """

    class Params(registry.Params):
        beta: Annotated[float, Field(ge=0, lt=1)] = 0.999
        """0 weighs all classes alike, values near 1 approach inverse frequency."""

    params: Params

    def criterion(self, progress: float) -> Criterion:
        return weighted_cross_entropy(class_balanced_weights(self.counts, self.params.beta))
