"""`gce`: generalised cross-entropy, between cross-entropy and the mean absolute error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ferray import registry
from ferray.losses import Loss, log_probabilities
from ferray.system.late import late

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:
    torch = late("torch")


class GeneralisedCrossEntropy(Loss):
    """Cost (1 - p^q) / q of the label's probability p: it is bounded, so that wrong labels pull less.

    Near q = 0 it is cross-entropy; at q = 1 it is half the mean absolute error, which wrong labels hardly move, and
    which learns slowly. Source: Zhang and Sabuncu, "Generalized Cross Entropy Loss for Training Deep Neural Networks
    with Noisy Labels", NeurIPS 2018, equation 6, whose q is 0.7. Their truncated loss, which drops samples by turns of
    training and pruning, is not here: outlier rules drop samples.
    """

    class Params(registry.Params):
        q: Annotated[float, Field(ge=0.01, le=1)] = 0.7
        """0.01 is nearly cross-entropy, 1 half the mean absolute error."""

    params: Params

    def of_classes(self, logits_NC: Tensor) -> Tensor:
        q = self.params.q
        # 1 - p^q has no digits left where p is near 1.
        return -torch.expm1(q * log_probabilities(logits_NC)) / q
