from __future__ import annotations

import numpy as np

from ferray.augment.light import Light
from ferray.testing.augment import batch

STILL = {"flip": 0, "degrees": 0, "shift": 0, "scale": 0, "light": 0}


def test_nothing_asked_for_changes_nothing() -> None:
    assert np.array_equal(Light(Light.Params(**STILL), 32).apply(batch(), seed=1), batch())


def test_sure_flip_mirrors_every_image() -> None:
    policy = Light(Light.Params(**{**STILL, "flip": 1}), 32)
    assert np.array_equal(policy.apply(batch(), seed=1), batch()[:, :, ::-1])


def test_defaults_change_noise() -> None:
    assert not np.array_equal(Light(Light.Params(), 32).apply(batch()[:1], seed=1), batch()[:1])


def test_copies_of_one_image_differ_within_a_batch() -> None:
    twins = np.repeat(batch()[:1], 2, axis=0)
    first, second = Light(Light.Params(), 32).apply(twins, seed=1)
    assert not np.array_equal(first, second)
