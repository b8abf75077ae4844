"""Numbers that belong to classes: weights from counts, and their way to the device. Letters: N samples, C classes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from ferray.imbalance import ClassCounts, Criterion, MeanCost, cross_entropy_costs, log_softmax
from ferray.system.late import late

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:
    torch = late("torch")

Normalisation = Literal["samples", "classes"]


class PerClass:
    """A vector (C,) that follows logits to their device, copied once for each device and dtype it meets.

    A copy in every step would make the host wait for the device in every step.
    """

    def __init__(self, values_C: Tensor) -> None:
        self._values_C = values_C
        self._copies: dict[tuple[torch.device, torch.dtype], Tensor] = {}

    def like(self, other: Tensor) -> Tensor:
        """The vector on the device and in the dtype of `other`."""
        key = (other.device, other.dtype)
        if key not in self._copies:
            self._copies[key] = self._values_C.to(device=other.device, dtype=other.dtype)
        return self._copies[key]


def log_probabilities(logits_NC: Tensor) -> Tensor:
    """Log-softmax in float32 at least: half precision loses the small differences that the strategies weigh."""
    return log_softmax(at_least_float32(logits_NC))


def at_least_float32(tensor: Tensor) -> Tensor:
    """The tensor itself, or its copy in float32 where it is of half precision."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


def inverse_frequency(counts: ClassCounts, power: float, normalisation: Normalisation = "samples") -> Tensor:
    """Weights proportional to n ** -power: float64 (C,), finite and positive whatever is absent.

    Power 0 weighs all classes alike, power 1 gives each present class the same total weight.
    """
    return normalised(counts.as_tensor().clamp(min=1) ** -power, counts, normalisation)


def effective_counts(counts: ClassCounts, beta: float) -> Tensor:
    """Shrink class counts to the number of samples that are not near-copies of each other: (1 - beta^n) / (1 - beta).

    Returns float64 (C,). `beta` in [0, 1): 0 gives all ones, values near 1 approach the plain counts. An absent class
    yields 0; callers decide what an absent class weighs.
    Source: Cui et al., "Class-Balanced Loss Based on Effective Number of Samples", CVPR 2019, proposition 1.
    """
    if beta == 0:
        return (counts.as_tensor() > 0).double()
    # 1 - beta ** n has no digits left for beta near 1.
    return -torch.expm1(counts.as_tensor() * math.log(beta)) / (1 - beta)


def class_balanced_weights(counts: ClassCounts, beta: float) -> Tensor:
    """Weights proportional to the inverse of the effective counts, mean 1 over samples: float64 (C,)."""
    effective_C = effective_counts(counts, beta)
    return normalised(1 / torch.where(effective_C > 0, effective_C, torch.ones_like(effective_C)), counts)


def log_prior(counts: ClassCounts) -> Tensor:
    """The logarithm of each class's share of the training samples: float64 (C,).

    An absent class counts as one sample, so its logarithm stays finite.
    """
    filled_C = counts.as_tensor().clamp(min=1)
    return (filled_C / filled_C.sum()).log()


def shifted_cross_entropy(shift_C: Tensor) -> Criterion:
    """Cross-entropy of logits with a number added for each class, mean over samples."""
    return MeanCost(_shifted_costs, shift_C)


def normalised(weights_C: Tensor, counts: ClassCounts, normalisation: Normalisation = "samples") -> Tensor:
    """Scale weights to mean 1, over the training samples or over the classes that occur among them.

    With `samples` the expected weight of a training sample is 1, so switching a strategy on leaves the loss at its
    scale and a learning rate found without it stays meaningful. An absent class gets the largest weight of a present
    one: hard labels never use it, soft labels may put some mass there.
    """
    present_C = counts.as_tensor() > 0
    if not present_C.any():
        return torch.ones_like(weights_C)
    share_C = counts.as_tensor() if normalisation == "samples" else present_C.double()
    filled_C = torch.where(present_C, weights_C, weights_C[present_C].max())
    return filled_C / ((filled_C * share_C).sum() / share_C.sum())


def weighted_cross_entropy(weights_C: Tensor) -> Criterion:
    """Cross-entropy whose class terms are weighted, mean over samples.

    It divides by the number of samples, not by the sum of their weights: torch does the first for soft targets and the
    second for hard ones, and here one meaning has to hold for both.
    """
    return MeanCost(weighted_costs, weights_C)


def weighted_costs(logits_NC: Tensor, target_NC: Tensor, weights_C: Tensor) -> Tensor:
    """Cross-entropy of each sample (..., N), its class terms weighted."""
    return -(target_NC * weights_C * log_probabilities(logits_NC)).sum(dim=-1)


def _shifted_costs(logits_NC: Tensor, target_NC: Tensor, shift_C: Tensor) -> Tensor:
    return cross_entropy_costs(at_least_float32(logits_NC) + shift_C, target_NC)
