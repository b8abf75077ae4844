"""`ldam_drw`: wider margins for rare classes, class weights late in training. Letters: N samples, C classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ferray import registry
from ferray.imbalance import ClassCounts, Criterion, ImbalanceStrategy, MeanCost
from ferray.imbalance._per_class import at_least_float32, class_balanced_weights, weighted_costs
from ferray.system.late import late

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:
    torch = late("torch")


class LdamDrw(ImbalanceStrategy):
    """Ask rare classes for a margin proportional to n ** -1/4, and weigh classes once training has settled.

    The margin is taken off the logit of the target (off each logit in proportion to its target probability, where
    targets are soft), then logits are multiplied by `scale`. The paper's heads yield cosines and its scale is 30;
    heads here yield plain logits, for which 1 is the neutral choice and the margin is in units of a logit.
    Source: Cao et al., "Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss", NeurIPS 2019,
    algorithm 1.
    """

    class Params(registry.Params):
        max_margin: Annotated[float, Field(ge=0, le=30)] = 0.5
        """Margin of the rarest class, in units of a logit."""
        scale: Annotated[float, Field(gt=0, le=100)] = 1.0
        """What logits are multiplied by once the margin is off."""
        drw_start_fraction: Annotated[float, Field(ge=0, le=1)] = 0.8
        """Fraction of the epochs after which class weights set in; 1 is never."""
        beta: Annotated[float, Field(ge=0, lt=1)] = 0.9999
        """Of those class-balanced weights."""

    params: Params

    def criterion(self, progress: float) -> Criterion:
        deferred = progress >= self.params.drw_start_fraction
        weights_C = class_balanced_weights(self.counts, self.params.beta if deferred else 0.0)
        return MeanCost(_costs, margins(self.counts, self.params.max_margin), weights_C, self.params.scale)


def _costs(logits_NC: Tensor, target_NC: Tensor, margin_C: Tensor, weights_C: Tensor, scale: Tensor | float) -> Tensor:
    logits_NC = at_least_float32(logits_NC)
    return weighted_costs(scale * (logits_NC - target_NC * margin_C), target_NC, weights_C)


def margins(counts: ClassCounts, max_margin: float) -> Tensor:
    """n ** -1/4 scaled so that the rarest class that occurs has `max_margin`, which an absent class gets too: (C,)."""
    present_C = counts.as_tensor() > 0
    if not present_C.any():
        return torch.full_like(counts.as_tensor(), max_margin)
    raw_C = counts.as_tensor().clamp(min=1) ** -0.25
    largest = raw_C[present_C].max()
    return max_margin * torch.where(present_C, raw_C, largest) / largest
