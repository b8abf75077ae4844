"""Log-probabilities of trials side by side have the bits that each has alone."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from ferray.imbalance import log_softmax

SHAPES = [(3, 64, 7), (3, 16, 2), (3, 64, 8), (3, 5, 7), (3, 64, 20), (64, 7)]


def drawn(shape: tuple[int, ...], seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", SHAPES)
def test_bits_are_those_of_torch(shape: tuple[int, ...]) -> None:
    logits = 3 * drawn(shape, 0)
    assert torch.equal(log_softmax(logits), F.log_softmax(logits, dim=-1))


@pytest.mark.parametrize("shape", SHAPES)
def test_bits_of_the_slope_are_those_of_torch(shape: tuple[int, ...]) -> None:
    logits, weights = (3 * drawn(shape, 0)).requires_grad_(), drawn(shape, 1)
    ours, torchs = (
        torch.autograd.grad((log_p * weights).sum(), logits)[0]
        for log_p in (log_softmax(logits), F.log_softmax(logits, dim=-1))
    )
    assert torch.equal(ours, torchs)


def test_answer_lies_as_that_of_torch() -> None:
    assert log_softmax(drawn((3, 64, 7), 0)).is_contiguous()


@pytest.mark.parametrize("shape", [(3, 64, 7), (3, 5, 7), (3, 64, 20)])
def test_bits_are_those_of_torch_where_the_samples_of_a_class_lie_side_by_side(shape: tuple[int, ...]) -> None:
    logits = 3 * drawn(shape, 0)
    by_class = logits.transpose(1, 2).contiguous().transpose(1, 2)
    assert torch.equal(log_softmax(by_class), F.log_softmax(logits, dim=-1))
