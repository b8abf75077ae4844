from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError

from ferray.imbalance import ClassCounts
from ferray.imbalance._per_class import class_balanced_weights, effective_counts, inverse_frequency
from ferray.imbalance.class_balanced import ClassBalanced

COUNTS = ClassCounts((1, 2, 3))


def test_effective_counts_are_partial_sums_of_powers_of_beta() -> None:
    # 1, 1 + 0.5, 1 + 0.5 + 0.25
    expected = torch.tensor([1.0, 1.5, 1.75], dtype=torch.float64)
    torch.testing.assert_close(effective_counts(COUNTS, 0.5), expected)


def test_an_absent_class_has_no_effective_samples() -> None:
    assert effective_counts(ClassCounts((0, 2)), 0.5)[0] == 0


def test_beta_zero_weighs_all_classes_alike() -> None:
    torch.testing.assert_close(class_balanced_weights(COUNTS, 0.0), torch.ones(3, dtype=torch.float64))


def test_beta_near_one_is_inverse_frequency() -> None:
    torch.testing.assert_close(class_balanced_weights(COUNTS, 1 - 1e-12), inverse_frequency(COUNTS, 1.0))


def test_loss_carries_the_weights() -> None:
    # Weights 1, 2/3 and 4/7 before they are divided by their mean over six samples, (1 + 4/3 + 12/7) / 6 = 0.674603.
    loss = ClassBalanced(ClassBalanced.Params(beta=0.5), COUNTS).criterion(0.0)
    logits_NC = torch.zeros(1, 3, dtype=torch.float64)
    assert loss(logits_NC, torch.eye(3)[1:2]).item() == pytest.approx(1.0986123 * (2 / 3) / 0.674603, abs=1e-5)


def test_absent_class_does_not_make_the_loss_infinite() -> None:
    loss = ClassBalanced(ClassBalanced.Params(), ClassCounts.from_labels([0, 0, 1], num_classes=3)).criterion(0.0)
    assert loss(torch.zeros(2, 3), torch.eye(3)[[0, 1]]).isfinite()


def test_beta_one_is_refused() -> None:
    with pytest.raises(ValidationError, match="less than 1"):
        ClassBalanced.Params(beta=1.0)
