from __future__ import annotations

from typing import Any

import numpy as np

from ferray import registry
from ferray.augment._compose import ComposedPolicy
from ferray.augment._transforms import Mirror, Transform


class Turned(Mirror):
    """A mirror image from top to bottom."""

    def of_library(self, library: Any) -> Any:
        return library.VerticalFlip()


class MirrorOrTurn(ComposedPolicy):
    """Two transforms that are seen apart in the pixel at the top left."""

    Params = registry.Params

    def transforms(self) -> list[Transform]:
        return [Mirror(probability=0.5), Turned(probability=0.5)]


def test_transforms_of_equal_probability_act_independently() -> None:
    image = np.arange(4, dtype=np.uint8).reshape(1, 2, 2, 1).repeat(3, axis=3)
    augmented = MirrorOrTurn(registry.Params(), 2).apply(np.repeat(image, 400, axis=0), seed=0)
    counts = np.bincount(augmented[:, 0, 0, 0], minlength=4)
    # neither, horizontal, vertical, both: 100 of each expected, standard deviation 8.7
    assert counts.min() > 65
