"""`focal`: samples the model is already sure of count less. Letters: N samples, C classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ferray import registry
from ferray.imbalance import Criterion, ImbalanceStrategy, MeanCost
from ferray.imbalance._per_class import inverse_frequency, log_probabilities
from ferray.system.late import late

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:
    torch = late("torch")

# For gamma < 1 the slope of (1 - p) ** gamma is infinite at p = 1, and infinity times log p = 0 is NaN.
_LEAST_DOUBT = 1e-6


class Focal(ImbalanceStrategy):
    """Multiply each term of the cross-entropy by (1 - p) ** gamma, so that easy samples stop dominating.

    Soft targets weigh the terms of their classes; a hard label leaves the formula of the paper. Mean over samples.
    Source: Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, equations 4 and 5.
    """

    class Params(registry.Params):
        gamma: Annotated[float, Field(ge=0, le=5)] = 2.0
        """0 is plain cross-entropy."""
        alpha: Literal["none", "inverse_frequency"] = "none"
        """Class weights on top, normalised to mean 1 over samples."""

    params: Params

    def criterion(self, progress: float) -> Criterion:
        power = 1.0 if self.params.alpha == "inverse_frequency" else 0.0
        return MeanCost(_costs, inverse_frequency(self.counts, power), self.params.gamma)


def _costs(logits_NC: Tensor, target_NC: Tensor, alpha_C: Tensor, gamma: Tensor | float) -> Tensor:
    log_p_NC = log_probabilities(logits_NC)
    doubt_NC = (-torch.expm1(log_p_NC)).clamp(min=_LEAST_DOUBT)
    return -(target_NC * alpha_C * doubt_NC**gamma * log_p_NC).sum(dim=-1)
