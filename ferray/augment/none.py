"""Training images as they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ferray import registry
from ferray.augment import AugmentPolicy


class NoAugmentation(AugmentPolicy):
    """Training images as they are."""

    class Params(registry.Params):
        """Nothing to choose."""

    def apply(self, images_NHWC: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
        return images_NHWC
