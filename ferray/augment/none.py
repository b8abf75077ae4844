"""Training images as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from ferray import registry
from ferray.augment import AugmentPolicy

if TYPE_CHECKING:
    from ferray.augment._batched import Step


class NoAugmentation(AugmentPolicy):
    """Training images as they are."""

    is_batched: ClassVar[bool] = True

    class Params(registry.Params):
        """Nothing to choose."""

    def apply(self, images_NHWC: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
        return images_NHWC

    def steps(self, count: int, height: int, width: int, seed: int) -> list[Step]:
        return []
