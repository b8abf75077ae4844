"""Losses of heads side by side are those that each has alone, and so are their slopes.

H = heads, N = samples, C = classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from ferray.imbalance import ClassCounts, Criterion, soft_cross_entropy
from ferray.imbalance.focal import Focal
from ferray.training.stacked_criterion import StackedCriterion

NUM, CLASSES = 64, 7


def squared_error(logits_NC: Tensor, target_NC: Tensor) -> Tensor:
    """Of a package that knows nothing of costs."""
    return (logits_NC.softmax(dim=1) - target_NC).square().sum(dim=1).mean()


def focal(gamma: float) -> Criterion:
    counts = ClassCounts(tuple(range(1, CLASSES + 1)))
    return Focal(Focal.Params(gamma=gamma, alpha="inverse_frequency"), counts).criterion(progress=0.0)


CRITERIA = {
    "one kind": [soft_cross_entropy, soft_cross_entropy],
    "two kinds": [soft_cross_entropy, focal(0.5), focal(2.0)],
    "one of another make": [soft_cross_entropy, squared_error],
    "one object of another make": [squared_error, squared_error],
}


def drawn(num_heads: int) -> tuple[Tensor, Tensor]:
    """Logits and targets (H, N, C)."""
    generator = torch.Generator().manual_seed(0)
    logits_HNC = torch.randn(num_heads, NUM, CLASSES, generator=generator)
    labels_HN = torch.randint(0, CLASSES, (num_heads, NUM), generator=generator)
    return logits_HNC.requires_grad_(), F.one_hot(labels_HN, CLASSES).float()


def by_class(tensor_HNC: Tensor) -> Tensor:
    """The same numbers, the samples of a class side by side."""
    return tensor_HNC.transpose(1, 2).contiguous().transpose(1, 2)


@pytest.mark.parametrize("criteria", CRITERIA.values(), ids=CRITERIA)
def test_losses_are_those_of_each_head(criteria: Sequence[Criterion]) -> None:
    logits_HNC, target_HNC = drawn(len(criteria))
    num_H = torch.full((len(criteria),), float(NUM))
    stacked = StackedCriterion(criteria, target_HNC)(by_class(logits_HNC), by_class(target_HNC), num_H)
    alone = [criterion(logits_HNC[head], target_HNC[head]) for head, criterion in enumerate(criteria)]
    torch.testing.assert_close(stacked, torch.stack(alone))


@pytest.mark.parametrize("criteria", CRITERIA.values(), ids=CRITERIA)
def test_slopes_are_those_of_each_head(criteria: Sequence[Criterion]) -> None:
    logits_HNC, target_HNC = drawn(len(criteria))
    num_H = torch.full((len(criteria),), float(NUM))
    stacked = StackedCriterion(criteria, target_HNC)(by_class(logits_HNC), by_class(target_HNC), num_H)
    alone = torch.stack([criterion(logits_HNC[head], target_HNC[head]) for head, criterion in enumerate(criteria)])
    slopes = [torch.autograd.grad(losses.sum(), logits_HNC)[0] for losses in (stacked, alone)]
    torch.testing.assert_close(*slopes)


def test_slopes_lie_as_the_logits_do() -> None:
    criteria = CRITERIA["two kinds"]
    logits_HNC, target_HNC = drawn(len(criteria))
    asked_HNC = by_class(logits_HNC)
    num_H = torch.full((len(criteria),), float(NUM))
    losses_H = StackedCriterion(criteria, target_HNC)(asked_HNC, by_class(target_HNC), num_H)
    (slope_HNC,) = torch.autograd.grad(losses_H.sum(), asked_HNC)
    assert slope_HNC.stride() == asked_HNC.stride()
