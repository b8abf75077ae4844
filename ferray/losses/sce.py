"""`sce`: symmetric cross-entropy, cross-entropy with its reverse. Letters: N samples, C classes."""

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


class SymmetricCrossEntropy(Loss):
    """Add the cross-entropy of the label by the answer: alpha of the usual term, beta of the reverse one.

    The reverse term needs the logarithm of a label's zeros, which is set to a number; under a label it is then minus
    that number times the probability of the other classes, so that it is bounded as the mean absolute error is.
    Source: Wang et al., "Symmetric Cross Entropy for Robust Learning with Noisy Labels", ICCV 2019, equations 6 and 7,
    whose alpha is 0.1 on CIFAR-10 and 6 on CIFAR-100, and whose logarithm of zero is -4.
    """

    class Params(registry.Params):
        alpha: Annotated[float, Field(ge=0.01, le=10)] = 0.1
        """Weight of cross-entropy, which learns fast and fits wrong labels."""
        beta: Annotated[float, Field(ge=0, le=10)] = 1.0
        """Weight of the reverse term, which bears them."""
        log_zero: Annotated[float, Field(ge=-10, le=-1)] = -4.0
        """What the logarithm of zero is set to."""

    params: Params

    def of_classes(self, logits_NC: Tensor) -> Tensor:
        log_p_NC = log_probabilities(logits_NC)
        reverse_NC = self.params.log_zero * torch.expm1(log_p_NC)
        return self.params.beta * reverse_NC - self.params.alpha * log_p_NC
