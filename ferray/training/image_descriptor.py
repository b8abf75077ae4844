"""From images to the rows that a trial with a descriptor, or an estimator of images, is trained on. N = images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ferray.config.trial import TrialConfig
from ferray.data.descriptor_cache import Describe
from ferray.descriptors import Descriptor


def image_descriptor(config: TrialConfig) -> Describe:
    """What turns uint8 images (N, H, W, 3) into rows (N, D) float32; a row depends on its image alone."""
    descriptor: Descriptor = config.descriptor.load()(config.descriptor.build_params())

    def describe(images_NHWC: NDArray[np.uint8]) -> NDArray[np.float32]:
        seen = (_grey(image_HWC) if config.pixels.grey else image_HWC for image_HWC in images_NHWC)
        return np.stack([descriptor.describe(image_HWC) for image_HWC in seen])

    return describe


def _grey(image_HWC: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The average of the colours in all three, (H, W, 3) uint8."""
    average = np.rint(image_HWC.mean(axis=2, keepdims=True)).astype(np.uint8)
    return np.repeat(average, 3, axis=2)
