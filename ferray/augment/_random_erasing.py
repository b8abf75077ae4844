"""Random erasing, which is laid over every policy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from ferray.augment import AugmentPolicy
from ferray.config.random_erasing import RandomErasingConfig

if TYPE_CHECKING:
    from ferray.augment._batched import Step

_FLATTEST, _TALLEST = 0.3, 3.3  # height over width, as published


class RandomErasing(AugmentPolicy):
    """What `random_erasing` says, as a policy that comes after the trial's own.

    Area and place are drawn evenly, the logarithm of height over width too, among those that fit into the image.
    albumentations' `Erasing` gives up, with an error, on large areas of which few shapes fit.
    """

    is_batched: ClassVar[bool] = True
    Params = RandomErasingConfig
    params: RandomErasingConfig

    def apply(self, images_NHWC: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
        generator = np.random.default_rng(seed)
        erased = images_NHWC.copy()
        for image_HWC in erased:
            if generator.random() < self.params.probability:
                top, below, left, right = self._box(image_HWC.shape[0], image_HWC.shape[1], generator)
                box = image_HWC[top:below, left:right]
                is_black = self.params.fill == "black"
                box[:] = 0 if is_black else generator.integers(0, 256, box.shape, dtype=np.uint8)
        return erased

    def steps(self, count: int, height: int, width: int, seed: int) -> list[Step]:
        """Where noise fills them, rectangles from the second one on are not the host's, which draws it in between."""
        from ferray.augment import _batched

        generator = np.random.default_rng(seed)
        drawn = {
            index: self._box(height, width, generator)
            for index in range(count)
            if generator.random() < self.params.probability
        }
        if not drawn:
            return []
        if self.params.fill == "black":
            return [_batched.step(_batched.blackened, [*drawn], [*drawn.values()])]
        return [_batched.noise_box_step([*drawn], [*drawn.values()], seed=int(generator.integers(2**32)))]

    def _box(self, height: int, width: int, generator: np.random.Generator) -> tuple[int, int, int, int]:
        """Rows and columns of a rectangle, from and up to."""
        area = generator.uniform(self.params.min_area, self.params.max_area)
        flattest, tallest = max(_FLATTEST, area), min(_TALLEST, 1 / area)
        shape = math.exp(generator.uniform(math.log(flattest), math.log(tallest)))
        rows = max(1, round(height * math.sqrt(area * shape)))
        columns = max(1, round(width * math.sqrt(area / shape)))
        top, left = generator.integers(height - rows + 1), generator.integers(width - columns + 1)
        return int(top), int(top + rows), int(left), int(left + columns)
