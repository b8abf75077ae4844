from __future__ import annotations

import math
from typing import Literal

import pytest
import torch

from ferray.imbalance import ClassCounts
from ferray.imbalance.logit_adjustment import LogitAdjustment

COUNTS = ClassCounts((3, 1))
ZEROS_NC = torch.zeros(1, 2, dtype=torch.float64)


def adjustment(mode: Literal["loss", "post_hoc"], tau: float = 1.0) -> LogitAdjustment:
    return LogitAdjustment(LogitAdjustment.Params(mode=mode, tau=tau), COUNTS)


def test_loss_of_even_logits_is_the_entropy_of_the_prior() -> None:
    # Even logits plus log prior give the prior itself: -log(1/4) for the rare class.
    loss = adjustment("loss").criterion(0.0)(ZEROS_NC, torch.eye(2)[1:])
    assert loss.item() == pytest.approx(math.log(4))


def test_tau_scales_the_prior() -> None:
    # Priors to the power of two: 9 to 1, so -log(1/10).
    loss = adjustment("loss", tau=2.0).criterion(0.0)(ZEROS_NC, torch.eye(2)[1:])
    assert loss.item() == pytest.approx(math.log(10))


def test_loss_mode_leaves_logits_alone_at_evaluation() -> None:
    assert adjustment("loss").adjust_logits(ZEROS_NC) is ZEROS_NC


def test_post_hoc_takes_the_log_prior_off() -> None:
    expected = torch.tensor([[-math.log(3 / 4), -math.log(1 / 4)]], dtype=torch.float64)
    torch.testing.assert_close(adjustment("post_hoc").adjust_logits(ZEROS_NC), expected)


def test_post_hoc_trains_with_plain_cross_entropy() -> None:
    loss = adjustment("post_hoc").criterion(0.0)(ZEROS_NC, torch.eye(2)[1:])
    assert loss.item() == pytest.approx(math.log(2))
