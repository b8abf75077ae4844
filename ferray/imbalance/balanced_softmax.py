"""`balanced_softmax`: the softmax that knows the class sizes."""

from __future__ import annotations

from ferray import registry
from ferray.imbalance import Criterion, ImbalanceStrategy
from ferray.imbalance._per_class import log_prior, shifted_cross_entropy


class BalancedSoftmax(ImbalanceStrategy):
    """Train with the softmax n_j e^(z_j) / sum n_i e^(z_i), so that plain logits suit balanced classes.

    The same loss as `logit_adjustment` at tau 1, with no parameter to search. A class that does not occur counts as one
    sample. Source: Ren et al., "Balanced Meta-Softmax for Long-Tailed Visual Recognition", NeurIPS 2020, theorem 1.
    """

    class Params(registry.Params):
        """Nothing to choose."""

    def criterion(self, progress: float) -> Criterion:
        return shifted_cross_entropy(log_prior(self.counts))
