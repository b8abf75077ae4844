"""`none`: images as they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ferray import registry
from ferray.descriptors import Descriptor


class NoDescriptor(Descriptor):
    """No descriptor: images go to the network as they are."""

    class Params(registry.Params):
        """Nothing to choose."""

    def describe(self, image_HWC: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Every pixel in its place, (H * W * 3,), in [0, 255]."""
        return image_HWC.reshape(-1).astype(np.float32)
