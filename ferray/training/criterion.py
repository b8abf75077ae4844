"""The training loss: what an answer costs, weighed as the imbalance strategy says. N = samples, C = classes."""

from __future__ import annotations

import torch
from torch import Tensor

from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError
from ferray.imbalance import Criterion, ImbalanceStrategy
from ferray.losses import Loss
from ferray.losses.cross_entropy import CrossEntropy
from ferray.training.sample_weights import EXAMPLE, class_weights_in

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
    copies: dict[tuple[torch.device, torch.dtype], Tensor] = {}

    def criterion(logits_NC: Tensor, target_NC: Tensor) -> Tensor:
        cost_NC = loss.of_classes(logits_NC)
        key = (cost_NC.device, cost_NC.dtype)
        if key not in copies:  # a copy in every step would make the host wait for the device in every step
            copies[key] = weights_C.to(device=cost_NC.device, dtype=cost_NC.dtype)
        return (target_NC * copies[key] * cost_NC).sum(dim=1).mean()

    return criterion


def refuse_clashing_loss(config: TrialConfig) -> None:
    """ConfigError where loss and imbalance strategy cannot train together."""
    strategy: ImbalanceStrategy = config.imbalance.load()(config.imbalance.build_params(), EXAMPLE)
    for progress in (0.0, LATE):
        training_criterion(config, strategy, progress)
