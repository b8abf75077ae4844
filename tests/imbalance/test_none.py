from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

from ferray.imbalance import ClassCounts
from ferray.imbalance.none import NoStrategy


def test_no_strategy_leaves_the_order_to_the_trainer() -> None:
    strategy = NoStrategy(NoStrategy.Params(), ClassCounts((3, 1)))
    assert strategy.sampler(np.array([0, 0, 0, 1]), np.random.default_rng(0)) is None


def test_no_strategy_is_torch_cross_entropy() -> None:
    logits_NC = torch.tensor([[2.0, -1.0, 0.5], [0.0, 1.0, 3.0]])
    loss = NoStrategy(NoStrategy.Params(), ClassCounts((3, 1, 1))).criterion(0.0)
    torch.testing.assert_close(loss(logits_NC, torch.eye(3)[[0, 1]]), F.cross_entropy(logits_NC, torch.tensor([0, 1])))
