from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional as F

from ferray.imbalance import ClassCounts
from ferray.imbalance._per_class import Normalisation, inverse_frequency
from ferray.imbalance.class_weights import ClassWeights

COUNTS = ClassCounts((50, 10, 40))
LOGITS_NC = torch.tensor([[2.0, -1.0, 0.5], [0.0, 1.0, 3.0], [1.0, 1.0, -2.0]], dtype=torch.float64)


def class_weights(power: float = 1.0, normalisation: Normalisation = "samples") -> ClassWeights:
    return ClassWeights(ClassWeights.Params(power=power, normalisation=normalisation), COUNTS)


def test_weights_are_those_scikit_learn_calls_balanced() -> None:
    labels = np.repeat([0, 1, 2], COUNTS.counts)
    expected = compute_class_weight("balanced", classes=np.array([0, 1, 2]), y=labels)
    np.testing.assert_allclose(inverse_frequency(COUNTS, 1.0), expected)


def test_class_normalisation_averages_to_one_over_the_classes_that_occur() -> None:
    # 1/50, 1/10 and 1/40 have the mean 0.145 / 3.
    expected = torch.tensor([0.02, 0.1, 0.1, 0.025]) / (0.145 / 3)
    torch.testing.assert_close(inverse_frequency(ClassCounts((50, 10, 0, 40)), 1.0, "classes"), expected.double())


def test_loss_is_weighted_by_class_and_divided_by_the_number_of_samples() -> None:
    labels = torch.tensor([0, 1, 1])
    weights_C = torch.tensor([100 / 150, 100 / 30, 100 / 120], dtype=torch.float64)
    expected = F.cross_entropy(LOGITS_NC, labels, weight=weights_C, reduction="none").mean()
    torch.testing.assert_close(class_weights().criterion(0.0)(LOGITS_NC, torch.eye(3).double()[labels]), expected)


def test_loss_on_soft_targets_is_that_of_torch() -> None:
    target_NC = torch.tensor([[0.2, 0.8, 0.0], [0.5, 0.25, 0.25], [0.0, 0.0, 1.0]], dtype=torch.float64)
    expected = F.cross_entropy(LOGITS_NC, target_NC, weight=inverse_frequency(COUNTS, 1.0))
    torch.testing.assert_close(class_weights().criterion(0.0)(LOGITS_NC, target_NC), expected)


def test_power_zero_is_plain_cross_entropy() -> None:
    expected = F.cross_entropy(LOGITS_NC, torch.tensor([0, 1, 1]))
    loss = class_weights(power=0.0).criterion(0.0)
    torch.testing.assert_close(loss(LOGITS_NC, torch.eye(3).double()[[0, 1, 1]]), expected)


def test_an_absent_class_weighs_as_much_as_the_rarest_present_one() -> None:
    weights_C = inverse_frequency(ClassCounts((50, 0, 10)), 1.0)
    assert weights_C[1] == weights_C[2]


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_the_expected_weight_of_a_training_sample_is_one(power: float) -> None:
    mean = (inverse_frequency(COUNTS, power) * COUNTS.as_tensor()).sum() / 100
    assert mean.item() == pytest.approx(1.0)
