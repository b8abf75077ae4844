"""The contract of losses: one check a promise, each for a loss that is built already.

Parametrise over `cases(ROOMS["loss"])` and call every function of `CHECKS`; see tests/losses/test_contract.py.
N = samples, C = classes.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ferray.losses import Loss
from ferray.testing.corners import check_params_survive_json

NUM_CLASSES = 7


def check_each_class_has_a_cost(loss: Loss) -> None:
    """One number for each sample and class, none below zero."""
    cost_NC = loss.of_classes(_logits())
    assert cost_NC.shape == (2 * NUM_CLASSES, NUM_CLASSES)
    assert (cost_NC >= 0).all()


def check_cost_and_gradient_are_finite_on_extreme_logits(loss: Loss) -> None:
    """Certainty in the right class, in a wrong one, and none at all: a real training meets all three."""
    for scale in (0.0, 1.0, -1.0, 1e2, -1e2, 1e4, -1e4):
        leaf_NC = (scale * torch.eye(NUM_CLASSES)).requires_grad_()
        cost_NC = loss.of_classes(leaf_NC)
        (gradient_NC,) = torch.autograd.grad(cost_NC.sum(), leaf_NC)
        assert cost_NC.isfinite().all()
        assert gradient_NC.isfinite().all()


def check_a_likelier_label_costs_less(loss: Loss) -> None:
    """The cost of a label falls as its logit grows, so that descending it learns."""
    logits_NC = _logits().double().requires_grad_()
    cost_N = loss.of_classes(logits_NC)[:, 0].sum()
    (gradient_NC,) = torch.autograd.grad(cost_N, logits_NC)
    assert (gradient_NC[:, 0] < 0).all()
    assert (gradient_NC[:, 1:] >= 0).all()


def check_classes_are_treated_alike(loss: Loss) -> None:
    """Renaming the classes renames the costs: a loss knows no class by its number."""
    order = torch.randperm(NUM_CLASSES, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(loss.of_classes(_logits()[:, order]), loss.of_classes(_logits())[:, order])


def check_samples_do_not_meet(loss: Loss) -> None:
    """The cost of a sample does not depend on its batch."""
    torch.testing.assert_close(loss.of_classes(_logits()[:1]), loss.of_classes(_logits())[:1])


def check_half_precision_is_computed_in_float32(loss: Loss) -> None:
    """Small differences between probabilities near 1 are lost in bfloat16."""
    half_NC = _logits().bfloat16()
    cost_NC = loss.of_classes(half_NC)
    assert cost_NC.dtype == torch.float32
    torch.testing.assert_close(cost_NC, loss.of_classes(half_NC.float()))
    assert loss.of_classes(half_NC.double()).dtype == torch.float64


CHECKS: tuple[Callable[[Loss], None], ...] = (
    check_params_survive_json,
    check_each_class_has_a_cost,
    check_cost_and_gradient_are_finite_on_extreme_logits,
    check_a_likelier_label_costs_less,
    check_classes_are_treated_alike,
    check_samples_do_not_meet,
    check_half_precision_is_computed_in_float32,
)


def _logits() -> Tensor:
    """(14, C), the same in every check."""
    return torch.randn(2 * NUM_CLASSES, NUM_CLASSES, generator=torch.Generator().manual_seed(5))
