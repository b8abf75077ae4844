from __future__ import annotations

import numpy as np

from ferray.augment.liu2020 import Liu2020
from ferray.testing.augment import batch


def policy(**changes: float) -> Liu2020:
    return Liu2020(Liu2020.Params.model_validate({"flip": 0, "degrees": 0, **changes}), 65)


def turned_degrees(seed: int, **changes: float) -> float:
    """By how much a horizontal line through the middle was turned, from its ends."""
    line = np.zeros((1, 65, 65, 3), dtype=np.uint8)
    line[:, 31:34] = 255
    augmented = policy(**changes).apply(line, seed=seed)[0, :, :, 0].astype(float)
    rows = np.arange(65)
    left, right = (float((rows * column).sum() / column.sum()) for column in (augmented[:, 8], augmented[:, 56]))
    return float(np.degrees(np.arctan2(right - left, 48)))


def test_nothing_asked_for_changes_nothing() -> None:
    assert np.array_equal(Liu2020(Liu2020.Params(flip=0, degrees=0), 32).apply(batch(), seed=1), batch())


def test_sure_flip_mirrors_every_image() -> None:
    assert np.array_equal(policy(flip=1).apply(batch(), seed=1), batch()[:, :, ::-1])


def test_default_angle_is_up_to_fifteen_degrees_either_way() -> None:
    angles = [turned_degrees(seed, degrees=Liu2020.Params().degrees) for seed in range(60)]
    assert -15.5 < min(angles) < -10
    assert 10 < max(angles) < 15.5


def test_a_flat_image_has_no_dark_corners_after_turning() -> None:
    white = np.full((1, 65, 65, 3), 255, dtype=np.uint8)
    assert policy(degrees=15).apply(white, seed=1).min() == 255
