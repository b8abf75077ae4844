"""The room of losses: what an answer costs. Letters: N samples, C classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ferray.registry import Params
from ferray.system.late import late

if TYPE_CHECKING:
    import torch
    from torch import Tensor
    from torch.nn import functional as F
else:
    torch, F = late("torch"), late("torch.nn.functional")


class Loss:
    """What the answer to a sample costs under each label that it may have.

    A target weighs these costs by its probabilities, an imbalance strategy by its class weights, and the training loss
    is the mean over samples. Cross-entropy itself is `ferray/losses/cross_entropy.py`, which leaves the loss to the
    strategy.
    """

    Params: ClassVar[type[Params]]

    def __init__(self, params: Any) -> None:
        self.params = params

    def of_classes(self, logits_NC: Tensor) -> Tensor:
        """The cost (N, C) of each sample's answer under each label, at float32 at least; finite for finite logits."""
        raise NotImplementedError


def log_probabilities(logits_NC: Tensor) -> Tensor:
    """Log-softmax in float32 at least."""
    return F.log_softmax(logits_NC.to(torch.promote_types(logits_NC.dtype, torch.float32)), dim=-1)
