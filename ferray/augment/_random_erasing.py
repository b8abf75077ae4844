"""Random erasing, which is laid over every policy."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ferray.augment import AugmentPolicy
from ferray.config.random_erasing import RandomErasingConfig

_FLATTEST, _TALLEST = 0.3, 3.3  # height over width, as published


class RandomErasing(AugmentPolicy):
    """What `random_erasing` says, as a policy that comes after the trial's own.

    Area and place are drawn evenly, the logarithm of height over width too, among those that fit into the image.
    albumentations' `Erasing` gives up, with an error, on large areas of which few shapes fit.
    """

    Params = RandomErasingConfig
    params: RandomErasingConfig

    def apply(self, images_NHWC: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
        generator = np.random.default_rng(seed)
        erased = images_NHWC.copy()
        for image_HWC in erased:
            if generator.random() < self.params.probability:
                self._erase(image_HWC, generator)
        return erased

    def _erase(self, image_HWC: NDArray[np.uint8], generator: np.random.Generator) -> None:
        height, width, _ = image_HWC.shape
        area = generator.uniform(self.params.min_area, self.params.max_area)
        flattest, tallest = max(_FLATTEST, area), min(_TALLEST, 1 / area)
        shape = math.exp(generator.uniform(math.log(flattest), math.log(tallest)))
        rows = max(1, round(height * math.sqrt(area * shape)))
        columns = max(1, round(width * math.sqrt(area / shape)))
        top, left = generator.integers(height - rows + 1), generator.integers(width - columns + 1)
        box = image_HWC[top : top + rows, left : left + columns]
        box[:] = 0 if self.params.fill == "black" else generator.integers(0, 256, box.shape, dtype=np.uint8)
