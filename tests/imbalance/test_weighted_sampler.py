from __future__ import annotations

import numpy as np

from ferray.imbalance import ClassCounts
from ferray.imbalance.weighted_sampler import WeightedSampler

LABELS = np.repeat([0, 1, 3], [8000, 1600, 400])


def class_shares(power: float) -> list[float]:
    strategy = WeightedSampler(WeightedSampler.Params(power=power), ClassCounts.from_labels(LABELS, 4))
    positions = strategy.sampler(LABELS, np.random.default_rng(0))
    return (np.bincount(LABELS[positions], minlength=4) / len(positions)).tolist()


def test_power_one_draws_every_class_equally_often() -> None:
    np.testing.assert_allclose(class_shares(1.0), [1 / 3, 1 / 3, 0, 1 / 3], atol=0.02)


def test_power_zero_keeps_the_shares_of_the_data() -> None:
    np.testing.assert_allclose(class_shares(0.0), [0.8, 0.16, 0, 0.04], atol=0.02)


def test_power_half_is_square_root_sampling() -> None:
    # Square roots 89.44, 40, 20 of 149.44 in all.
    np.testing.assert_allclose(class_shares(0.5), [0.5985, 0.2677, 0, 0.1338], atol=0.02)


def test_an_epoch_keeps_its_length() -> None:
    strategy = WeightedSampler(WeightedSampler.Params(), ClassCounts.from_labels(LABELS, 4))
    assert len(strategy.sampler(LABELS, np.random.default_rng(0))) == len(LABELS)
