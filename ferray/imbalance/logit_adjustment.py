"""`logit_adjustment`: the class prior enters the logits, in the loss or at evaluation. N samples, C classes."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ferray import registry
from ferray.imbalance import Criterion, ImbalanceStrategy, soft_cross_entropy
from ferray.imbalance._per_class import PerClass, log_prior, shifted_cross_entropy

if TYPE_CHECKING:
    from torch import Tensor


class LogitAdjustment(ImbalanceStrategy):
    """Aim at balanced accuracy by moving logits by tau times the logarithm of the class prior.

    `loss` adds it in training, so plain logits come out balanced; `post_hoc` trains plainly and subtracts it at
    evaluation. A class that does not occur counts as one sample.
    Source: Menon et al., "Long-tail learning via logit adjustment", ICLR 2021, equations 9 (post hoc) and 10 (loss).
    """

    class Params(registry.Params):
        tau: Annotated[float, Field(ge=0, le=5)] = 1.0
        """1 is the consistent choice, 0 changes nothing."""
        mode: Literal["loss", "post_hoc"] = "loss"
        """Whether the loss is adjusted, or the logits at evaluation."""

    params: Params

    def criterion(self, progress: float) -> Criterion:
        if self.params.mode == "post_hoc":
            return soft_cross_entropy
        return shifted_cross_entropy(self.params.tau * log_prior(self.counts))

    def adjust_logits(self, logits_NC: Tensor) -> Tensor:
        if self.params.mode == "loss":
            return logits_NC
        return logits_NC - self.params.tau * self._log_prior.like(logits_NC)

    @cached_property
    def _log_prior(self) -> PerClass:
        """Built once, as batches of validation ask for it."""
        return PerClass(log_prior(self.counts))
