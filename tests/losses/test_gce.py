from __future__ import annotations

import math

import pytest
import torch

from ferray.losses.cross_entropy import CrossEntropy
from ferray.losses.gce import GeneralisedCrossEntropy

QUARTER = torch.tensor([[0.0, math.log(3.0)]], dtype=torch.float64)  # probabilities 1/4 and 3/4


def gce(q: float) -> GeneralisedCrossEntropy:
    return GeneralisedCrossEntropy(GeneralisedCrossEntropy.Params(q=q))


def test_the_cost_is_the_papers_formula() -> None:
    # (1 - 0.25 ** 0.5) / 0.5 = 1 and (1 - 0.75 ** 0.5) / 0.5 = 0.267949
    assert gce(0.5).of_classes(QUARTER)[0].tolist() == pytest.approx([1.0, 0.2679492])


def test_at_one_it_is_half_the_mean_absolute_error() -> None:
    # The absolute error of the one-hot (1, 0) is 3/4 + 3/4.
    assert gce(1.0).of_classes(QUARTER)[0, 0].item() == pytest.approx(0.75)


def test_near_zero_it_is_cross_entropy() -> None:
    plain = CrossEntropy(CrossEntropy.Params()).of_classes(QUARTER)
    torch.testing.assert_close(gce(0.01).of_classes(QUARTER), plain, rtol=0.01, atol=0)


def test_a_hopeless_label_costs_no_more_than_one_over_q() -> None:
    assert gce(0.7).of_classes(torch.tensor([[-1e4, 0.0]]))[0, 0].item() == pytest.approx(1 / 0.7)
