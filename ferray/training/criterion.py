"""The training loss: what an answer costs, weighed as the imbalance strategy says. N = samples, C = classes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError
from ferray.imbalance import Criterion, ImbalanceStrategy, MeanCost
from ferray.losses import Loss
from ferray.losses.cross_entropy import CrossEntropy
from ferray.training.sample_weights import EXAMPLE, class_weights_in

if TYPE_CHECKING:
    from torch import Tensor

LATE = 0.999  # of a trial's epochs, when what a strategy defers has set in


def training_criterion(config: TrialConfig, strategy: ImbalanceStrategy, progress: float) -> Criterion:
    """The loss of an epoch, mean over samples; the strategy's own where the loss is cross-entropy.

    Another loss takes the strategy's class weights over; ConfigError where it has more than those.
    """
    loss: Loss = config.loss.load()(config.loss.build_params())
    own = strategy.criterion(progress)
    if isinstance(loss, CrossEntropy):
        return own
    weights_C = class_weights_in(own, strategy.counts.num_classes)
    if weights_C is None:
        raise ConfigError(
            f"imbalance: `{config.imbalance.name}` shapes cross-entropy, and the loss is `{config.loss.name}`",
            "choose `class_weights`, `class_balanced`, a strategy that samples, or `loss: cross_entropy`",
        )
    return weighed(loss, weights_C)


def weighed(loss: Loss, weights_C: Tensor) -> Criterion:
    """The loss with a weight for each class, mean over samples."""
    params = json.dumps(loss.params.model_dump(mode="json"))
    return MeanCost(_Weighed(type(loss), params, loss), weights_C)


@dataclass(frozen=True)
class _Weighed:
    """The cost of a sample by a loss with class weights; equal where the losses are, so that their trials stack."""

    kind: type[Loss]
    params: str
    loss: Loss = field(compare=False)

    def __call__(self, logits_NC: Tensor, target_NC: Tensor, weights_C: Tensor) -> Tensor:
        return (target_NC * weights_C * self.loss.of_classes(logits_NC)).sum(dim=-1)


def refuse_clashing_loss(config: TrialConfig) -> None:
    """ConfigError where loss and imbalance strategy cannot train together; cross-entropy is the strategy's own."""
    if issubclass(config.loss.load(), CrossEntropy):
        return
    strategy: ImbalanceStrategy = config.imbalance.load()(config.imbalance.build_params(), EXAMPLE)
    for progress in (0.0, LATE):
        training_criterion(config, strategy, progress)
