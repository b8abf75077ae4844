"""Weights averaged."""

from __future__ import annotations

import torch

from ferray.training.soup import mean_weights


def test_each_tensor_is_the_mean() -> None:
    mean = mean_weights([{"w": torch.tensor([1.0, 4.0])}, {"w": torch.tensor([3.0, 5.0])}])
    assert (mean["w"].tolist(), mean["w"].dtype) == ([2.0, 4.5], torch.float32)


def test_counts_of_batches_are_those_of_the_first() -> None:
    assert mean_weights([{"n": torch.tensor(4)}, {"n": torch.tensor(9)}])["n"].item() == 4


def test_equal_weights_stay_the_same_bits() -> None:
    weights = {"w": torch.randn(100, generator=torch.Generator().manual_seed(0))}
    assert torch.equal(mean_weights([weights, weights, weights])["w"], weights["w"])
