"""The border to albumentations, shared by the policies that are lists of its transforms."""

from __future__ import annotations

import os
import random
from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferray.augment import AugmentPolicy


class ComposedPolicy(AugmentPolicy):
    """A policy that is a list of albumentations transforms, applied to each image in turn."""

    def __init__(self, params: Any, image_size: int) -> None:
        super().__init__(params, image_size)
        self._transforms = self.transforms(_albumentations())

    @abstractmethod
    def transforms(self, library: Any) -> list[Any]:
        """The transforms, made from the `library` handed in, which is albumentations."""

    def apply(self, images_NHWC: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
        # One stream for all transforms: the library's own `Compose(seed=...)` gives each transform the same seed, so
        # all of those with equal probability would act on the same images.
        generator, py_random = np.random.default_rng(seed), random.Random(seed)
        for transform in self._transforms:
            transform.set_random_state(generator, py_random)
        augmented = np.empty_like(images_NHWC)
        for index, image_HWC in enumerate(images_NHWC):
            augmented[index] = self._apply_to_one(image_HWC)
        return augmented

    def _apply_to_one(self, image_HWC: NDArray[np.uint8]) -> NDArray[np.uint8]:
        for transform in self._transforms:
            image_HWC = transform(image=image_HWC)["image"]
        return image_HWC


def _albumentations() -> Any:
    """The library, told not to look for a newer version of itself over the network."""
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    import albumentations  # takes seconds, and listing the policies must not

    return albumentations
