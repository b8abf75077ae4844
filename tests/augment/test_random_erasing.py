from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from ferray.augment._random_erasing import RandomErasing
from ferray.config.random_erasing import RandomErasingConfig
from ferray.testing import augment as contract
from ferray.testing.corners import case_id

GREY = np.full((200, 32, 32, 3), 200, dtype=np.uint8)
CORNERS = [
    RandomErasingConfig(probability=1, min_area=area, max_area=area, fill=fill)
    for area in (1e-6, 0.5)
    for fill in ("noise", "black")
]


def erased(**keys: Any) -> np.ndarray:
    return RandomErasing(RandomErasingConfig(**keys), 32).apply(GREY, seed=0)


@pytest.mark.parametrize("check", contract.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("params", CORNERS, ids=case_id)
def test_it_keeps_the_promises_of_a_policy(
    params: RandomErasingConfig, check: Callable[[contract.Fresh], None]
) -> None:
    check(partial(RandomErasing, params, contract.IMAGE_SIZE))


def test_images_lose_a_rectangle_with_its_probability() -> None:
    # 50 of 200 expected, standard deviation 6.1
    assert (erased(probability=0.25) != GREY).any(axis=(1, 2, 3)).sum() == pytest.approx(50, abs=20)


def test_a_rectangle_has_its_share_of_the_image() -> None:
    shares = (erased(probability=1, min_area=0.1, max_area=0.2, fill="black") == 0).all(axis=3).mean(axis=(1, 2))
    # sides are whole pixels of 32, so a share may be off by a row and a column
    assert 0.07 < shares.min() < 0.12
    assert 0.18 < shares.max() < 0.22


def test_black_is_black() -> None:
    assert set(np.unique(erased(probability=1, fill="black"))) == {0, 200}


def test_noise_differs_from_pixel_to_pixel() -> None:
    assert len(np.unique(erased(probability=1, fill="noise"))) > 100


def test_areas_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(ValueError, match="more than `max_area`"):
        RandomErasingConfig(min_area=0.2, max_area=0.1)
