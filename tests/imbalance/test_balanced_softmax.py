from __future__ import annotations

import pytest
import torch

from ferray.imbalance import ClassCounts
from ferray.imbalance.balanced_softmax import BalancedSoftmax


def test_loss_is_the_logarithm_of_the_balanced_softmax() -> None:
    # Counts 5, 3, 2 and exp(logits) 1, 2, 4: 2 * 4 / (5 + 6 + 8) = 8/19 for the last class, -log(8/19) = 0.864997.
    logits_NC = torch.tensor([[1.0, 2.0, 4.0]], dtype=torch.float64).log()
    loss = BalancedSoftmax(BalancedSoftmax.Params(), ClassCounts((5, 3, 2))).criterion(0.0)
    assert loss(logits_NC, torch.eye(3)[2:]).item() == pytest.approx(0.864997, abs=1e-6)


def test_even_counts_are_plain_cross_entropy() -> None:
    loss = BalancedSoftmax(BalancedSoftmax.Params(), ClassCounts((4, 4, 4))).criterion(0.0)
    assert loss(torch.zeros(1, 3), torch.eye(3)[:1]).item() == pytest.approx(1.0986123)
