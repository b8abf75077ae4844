"""`cross_entropy`: minus the logarithm of the label's probability."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ferray import registry
from ferray.losses import Loss, log_probabilities

if TYPE_CHECKING:
    from torch import Tensor


class CrossEntropy(Loss):
    """Cross-entropy, as the imbalance strategy has it: weighted, focal, with margins, or plain.

    The only loss that goes with strategies that shape one of their own.
    """

    class Params(registry.Params):
        """Nothing to choose."""

    def of_classes(self, logits_NC: Tensor) -> Tensor:
        return -log_probabilities(logits_NC)
