"""What an imbalance strategy weighs classes by, for estimators and other losses. N = samples, C = classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError
from ferray.imbalance import ClassCounts, Criterion, ImbalanceStrategy, soft_cross_entropy
from ferray.system.late import late

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:
    torch = late("torch")

PROBES = ((0.0, 0.0, 0.0), (1.5, -0.5, 0.25))  # logits to try a loss at, gone round for more classes
EXAMPLE = ClassCounts((40, 10, 25))


def class_weights_of(criterion: Criterion, num_classes: int, name: str) -> Tensor:
    """How often a sample of each class counts in this loss: float64 (C,).

    ConfigError, naming the strategy, for a loss that does more than weigh classes.
    """
    weights_C = class_weights_in(criterion, num_classes)
    if weights_C is None:
        raise ConfigError(
            f"imbalance: `{name}` shapes a loss, and an estimator descends none",
            "choose `class_weights`, `class_balanced`, or a strategy that samples",
        )
    return weights_C


def class_weights_in(criterion: Criterion, num_classes: int) -> Tensor | None:
    """The weight of each class in a loss that is cross-entropy but for these, float64 (C,); None for any other loss.

    Found by trying it: a loss that weighs classes is so many times the plain one, whatever the logits.
    """
    at_rest, elsewhere = (_ratios(criterion, _probe(values, num_classes)) for values in PROBES)
    return at_rest if torch.allclose(at_rest, elsewhere, rtol=1e-4) else None


def refuse_shaped_loss(config: TrialConfig) -> None:
    """ConfigError where the configuration's estimator could not follow its imbalance strategy."""
    choice = config.imbalance
    strategy: ImbalanceStrategy = choice.load()(choice.build_params(), EXAMPLE)
    class_weights_of(strategy.criterion(0.0), EXAMPLE.num_classes, choice.name)


def _probe(values: tuple[float, ...], num_classes: int) -> Tensor:
    return torch.tensor([values[label % len(values)] for label in range(num_classes)], dtype=torch.float64)


def _ratios(criterion: Criterion, logits_C: Tensor) -> Tensor:
    """The loss of one sample of each class over its plain cross-entropy."""
    targets_CC = torch.eye(len(logits_C), dtype=torch.float64)
    ratios = [
        criterion(logits_C[None], target_C[None]) / soft_cross_entropy(logits_C[None], target_C[None])
        for target_C in targets_CC
    ]
    return torch.stack(ratios)
