from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ferray.augment.rand_augment import RandAugment
from ferray.testing.augment import batch


def drawn(images: int = 200, **params: Any) -> list[list[tuple[str, float]]]:
    policy, generator = RandAugment(RandAugment.Params(**params), 32), np.random.default_rng(0)
    return [list(policy.draw(generator)) for _ in range(images)]


def test_each_image_goes_through_so_many_operations() -> None:
    assert {len(operations) for operations in drawn(num_operations=3)} == {3}


def test_every_operation_comes() -> None:
    assert len({name for operations in drawn() for name, _ in operations}) == 14


def test_without_a_spread_all_have_the_magnitude() -> None:
    assert {strength for operations in drawn(magnitude=7, magnitude_std=0) for _, strength in operations} == {0.7}


def test_magnitudes_spread_by_their_deviation() -> None:
    # 400 strengths about 0.5 with deviation 0.1: their own deviation has a standard error of 0.1 / sqrt(800) = 0.0035
    strengths = [strength for operations in drawn(magnitude=5, magnitude_std=1) for _, strength in operations]
    assert np.std(strengths) == pytest.approx(0.1, abs=0.012)


def test_magnitudes_stay_within_the_range() -> None:
    strengths = [strength for operations in drawn(magnitude=10, magnitude_std=10) for _, strength in operations]
    assert (min(strengths), max(strengths)) == (0.0, 1.0)


def test_copies_of_one_image_differ_within_a_batch() -> None:
    first, second = RandAugment(RandAugment.Params(), 32).apply(np.repeat(batch()[:1], 2, axis=0), seed=1)
    assert not np.array_equal(first, second)


def test_grey_images_stay_grey() -> None:
    grey = np.repeat(batch()[:1, :, :, :1], 3, axis=3)
    augmented = RandAugment(RandAugment.Params(), 32).apply(np.repeat(grey, 50, axis=0), seed=1)
    assert (augmented == augmented[:, :, :, :1]).all()
