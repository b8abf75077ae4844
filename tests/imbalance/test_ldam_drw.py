from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from ferray.imbalance import ClassCounts
from ferray.imbalance._per_class import class_balanced_weights
from ferray.imbalance.ldam_drw import LdamDrw, margins

COUNTS = ClassCounts((16, 81, 1))
LOGITS_NC = torch.tensor([[2.0, -1.0, 0.5], [0.0, 1.0, 3.0]], dtype=torch.float64)
TARGET_NC = torch.eye(3, dtype=torch.float64)[[0, 1]]


def test_margins_shrink_with_the_fourth_root_of_the_count() -> None:
    # 16 ** -1/4 = 1/2, 81 ** -1/4 = 1/3, 1
    torch.testing.assert_close(margins(COUNTS, 0.6), torch.tensor([0.3, 0.2, 0.6], dtype=torch.float64))


def test_the_rarest_class_has_the_greatest_margin_whatever_its_count() -> None:
    assert margins(ClassCounts((400, 25, 0)), 0.5).max().item() == pytest.approx(0.5)


def test_early_loss_is_cross_entropy_with_the_margin_off_the_target_logit() -> None:
    shifted_NC = LOGITS_NC - torch.tensor([[0.3, 0.0, 0.0], [0.0, 0.2, 0.0]])
    loss = LdamDrw(LdamDrw.Params(max_margin=0.6, scale=2.0), COUNTS).criterion(0.79)
    torch.testing.assert_close(loss(LOGITS_NC, TARGET_NC), F.cross_entropy(2.0 * shifted_NC, torch.tensor([0, 1])))


def test_weights_set_in_at_the_start_fraction() -> None:
    params = LdamDrw.Params(max_margin=0.0, drw_start_fraction=0.5, beta=0.9)
    expected = F.cross_entropy(LOGITS_NC, TARGET_NC, weight=class_balanced_weights(COUNTS, 0.9))
    torch.testing.assert_close(LdamDrw(params, COUNTS).criterion(0.5)(LOGITS_NC, TARGET_NC), expected)


def test_start_fraction_one_never_weighs() -> None:
    loss = LdamDrw(LdamDrw.Params(max_margin=0.0, drw_start_fraction=1.0), COUNTS).criterion(0.999)
    torch.testing.assert_close(loss(LOGITS_NC, TARGET_NC), F.cross_entropy(LOGITS_NC, TARGET_NC))
