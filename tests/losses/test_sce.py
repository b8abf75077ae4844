from __future__ import annotations

import math

import pytest
import torch

from ferray.losses.cross_entropy import CrossEntropy
from ferray.losses.sce import SymmetricCrossEntropy

QUARTER = torch.tensor([[0.0, math.log(3.0)]], dtype=torch.float64)  # probabilities 1/4 and 3/4


def sce(**params: float) -> SymmetricCrossEntropy:
    return SymmetricCrossEntropy(SymmetricCrossEntropy.Params(**params))


def test_both_terms_are_those_of_the_paper() -> None:
    # Label 0: 0.1 * log 4 + 1 * 4 * 3/4 = 3.138629; label 1: 0.1 * log(4/3) + 1 * 4 * 1/4 = 1.028768
    assert sce().of_classes(QUARTER)[0].tolist() == pytest.approx([3.138629, 1.028768], abs=1e-6)


def test_the_reverse_term_is_the_cross_entropy_of_the_label_by_the_answer() -> None:
    answer = torch.tensor([0.25, 0.75], dtype=torch.float64)
    log_label = torch.tensor([0.0, -6.0], dtype=torch.float64)  # log 1, and the logarithm of zero
    reverse = sce(alpha=1.0, log_zero=-6.0).of_classes(QUARTER)[0, 0] - math.log(4)
    torch.testing.assert_close(reverse, -(answer * log_label).sum())


def test_without_the_reverse_term_it_is_cross_entropy() -> None:
    plain = CrossEntropy(CrossEntropy.Params()).of_classes(QUARTER)
    torch.testing.assert_close(sce(alpha=1.0, beta=0.0).of_classes(QUARTER), plain)
