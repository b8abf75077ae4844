from __future__ import annotations

import math
from typing import Literal

import pytest
import torch
from pydantic import ValidationError
from torch.nn import functional as F

from ferray.imbalance import ClassCounts
from ferray.imbalance.focal import Focal

COUNTS = ClassCounts((30, 10))
QUARTER = torch.tensor([[0.0, math.log(3.0)]], dtype=torch.float64)  # probabilities 1/4 and 3/4


def focal(gamma: float, alpha: Literal["none", "inverse_frequency"] = "none") -> Focal:
    return Focal(Focal.Params(gamma=gamma, alpha=alpha), COUNTS)


def test_focal_loss_of_a_hard_label_is_that_of_the_paper() -> None:
    # (1 - 1/4) ** 2 * -log(1/4) = 0.5625 * 1.386294 = 0.779791
    assert focal(2.0).criterion(0.0)(QUARTER, torch.eye(2)[:1]).item() == pytest.approx(0.779791, abs=1e-6)


def test_soft_targets_mix_the_terms_of_their_classes() -> None:
    # 0.5 * 0.779791 + 0.5 * (1/4) ** 2 * -log(3/4) = 0.389895 + 0.008990
    loss = focal(2.0).criterion(0.0)(QUARTER, torch.tensor([[0.5, 0.5]]))
    assert loss.item() == pytest.approx(0.398885, abs=1e-6)


def test_alpha_multiplies_the_loss_of_a_class() -> None:
    # Inverse frequency with mean 1 over samples: 40 / (2 * 30) = 2/3 for class 0.
    loss = focal(2.0, "inverse_frequency").criterion(0.0)(QUARTER, torch.eye(2)[:1])
    assert loss.item() == pytest.approx(0.779791 * 2 / 3, abs=1e-6)


def test_gamma_zero_is_cross_entropy() -> None:
    logits_NC = torch.tensor([[2.0, -1.0], [0.5, 0.25]])
    expected = F.cross_entropy(logits_NC, torch.tensor([1, 0]))
    torch.testing.assert_close(focal(0.0).criterion(0.0)(logits_NC, torch.eye(2)[[1, 0]]), expected)


@pytest.mark.parametrize("gamma", [0.1, 0.5, 0.9])
def test_gamma_below_one_has_a_finite_gradient_at_certainty(gamma: float) -> None:
    logits_NC = torch.tensor([[1e4, -1e4]], requires_grad=True)
    (gradient_NC,) = torch.autograd.grad(focal(gamma).criterion(0.0)(logits_NC, torch.eye(2)[:1]), logits_NC)
    assert gradient_NC.isfinite().all()


def test_gradient_is_the_derivative_of_the_loss() -> None:
    logits_NC = torch.tensor([[0.3, -0.7], [1.5, 0.2]], dtype=torch.float64, requires_grad=True)
    loss = focal(2.0).criterion(0.0)
    assert torch.autograd.gradcheck(lambda logits: loss(logits, torch.eye(2, dtype=torch.float64)), logits_NC)


@pytest.mark.parametrize("gamma", [-0.1, 5.1])
def test_gamma_outside_its_range_is_refused(gamma: float) -> None:
    with pytest.raises(ValidationError, match="gamma"):
        Focal.Params(gamma=gamma)
