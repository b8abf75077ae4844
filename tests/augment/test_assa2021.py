from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ferray.augment.assa2021 import Assa2021
from ferray.testing.augment import batch

STILL = {"flip": 0, "noise": 0, "cutout": 0, "probability": 1}


def policy(**changes: float) -> Assa2021:
    return Assa2021(Assa2021.Params.model_validate({**STILL, **changes}), 32)


def grey(count: int) -> NDArray[np.uint8]:
    return np.full((count, 32, 32, 3), 128, dtype=np.uint8)


def test_nothing_asked_for_changes_nothing() -> None:
    assert np.array_equal(policy().apply(batch(), seed=1), batch())


def test_sure_flip_mirrors_every_image() -> None:
    assert np.array_equal(policy(flip=1).apply(batch(), seed=1), batch()[:, :, ::-1])


def test_cutout_is_one_black_square_of_its_side() -> None:
    black = policy(cutout=0.25).apply(grey(20), seed=1)[..., 0] == 0
    # a quarter of 32 is 8
    assert black.sum(axis=(1, 2)).tolist() == [64] * 20
    assert black.any(axis=1).sum(axis=1).tolist() == [8] * 20


def test_cutouts_lie_in_different_places() -> None:
    first, second = policy(cutout=0.25).apply(grey(2), seed=1)
    assert not np.array_equal(first, second)


def test_noise_keeps_grey_images_grey() -> None:
    noisy = policy(noise=0.1).apply(grey(4), seed=1)
    assert np.array_equal(noisy, noisy[..., :1].repeat(3, axis=3))


def test_noise_is_no_stronger_than_asked_for() -> None:
    deviations = policy(noise=0.1).apply(grey(50), seed=1)[..., 0].std(axis=(1, 2)) / 255
    # Drawn from 0 to 0.1 for each image; 1024 pixels estimate a deviation to a fortieth.
    assert 0.05 < deviations.max() < 0.11
    assert deviations.min() < 0.02


def test_probability_is_that_of_an_image() -> None:
    changed = (policy(cutout=0.25, probability=0.5).apply(grey(400), seed=1) != 128).any(axis=(1, 2, 3))
    # 200 expected, standard deviation 10
    assert 160 < changed.sum() < 240
