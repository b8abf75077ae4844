from __future__ import annotations

from typing import Any

import numpy as np

from ferray.augment.trivial_augment import TrivialAugment
from ferray.testing.augment import batch


def policy(**params: Any) -> TrivialAugment:
    return TrivialAugment(TrivialAugment.Params(**params), 32)


def drawn() -> list[list[tuple[str, float]]]:
    generator = np.random.default_rng(0)
    return [list(policy().draw(generator)) for _ in range(500)]


def test_each_image_goes_through_one_operation() -> None:
    assert {len(operations) for operations in drawn()} == {1}


def test_every_operation_comes() -> None:
    assert len({operations[0][0] for operations in drawn()}) == 14


def test_strengths_are_the_31_of_the_publication() -> None:
    assert sorted({round(operations[0][1] * 30, 6) for operations in drawn()}) == list(range(31))


def test_a_sure_mirror_without_a_change_is_a_mirror() -> None:
    images = np.repeat(batch()[:1], 100, axis=0)
    augmented = policy(flip=1).apply(images, seed=0)
    # identity alone comes for one image in fourteen
    assert (augmented == images[:, :, ::-1]).all(axis=(1, 2, 3)).sum() >= 3


def test_wide_ranges_change_more() -> None:
    images = np.repeat(batch()[3:], 200, axis=0)
    moved = [
        np.abs(policy(flip=0, ranges=ranges).apply(images, seed=0).astype(int) - images).mean()
        for ranges in ("rand_augment", "wide")
    ]
    assert moved[0] < moved[1]
