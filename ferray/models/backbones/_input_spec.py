"""`InputSpec`: the images that a backbone's weights were trained to see."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class InputSpec:
    """What a backbone's weights were trained to see: side in pixels, and channel mean and std of RGB in [0, 1].

    The side is 0 for a backbone over features.
    """

    image_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
