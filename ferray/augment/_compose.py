"""The border to albumentations, shared by the policies that are lists of its transforms."""

from __future__ import annotations

import os
from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ferray.augment import AugmentPolicy
from ferray.augment._transforms import Stream, Transform

if TYPE_CHECKING:
    from ferray.augment._batched import Step


class ComposedPolicy(AugmentPolicy):
    """A policy that is a list of albumentations transforms, applied to each image in turn.

    All of a batch draw from one stream: the library's own `Compose(seed=...)` gives each transform the same seed, so
    all of those with equal probability would act on the same images. Host and device draw the same numbers.
    """

    is_batched: ClassVar[bool] = True

    def __init__(self, params: Any, image_size: int) -> None:
        super().__init__(params, image_size)
        self._transforms = self.transforms()

    @abstractmethod
    def transforms(self) -> list[Transform]:
        """The transforms in their order."""

    def apply(self, images_NHWC: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
        drawn = self._drawn(len(images_NHWC), images_NHWC.shape[1], images_NHWC.shape[2], seed)
        augmented = np.empty_like(images_NHWC)
        pairs = [*zip(self._transforms, self._of_library, strict=True)]
        for index, (image_HWC, numbers) in enumerate(zip(images_NHWC, drawn, strict=True)):
            for (transform, theirs), number in zip(pairs, numbers, strict=True):
                if number is not None:
                    image_HWC = theirs.apply(image_HWC, **transform.arguments(image_HWC, number))
            augmented[index] = image_HWC
        return augmented

    def steps(self, count: int, height: int, width: int, seed: int) -> list[Step]:
        drawn, steps = self._drawn(count, height, width, seed), []
        for place, transform in enumerate(self._transforms):
            chosen = [index for index, numbers in enumerate(drawn) if numbers[place] is not None]
            if chosen:
                steps.append(transform.step(chosen, [drawn[index][place] for index in chosen], height, width))
        return steps

    @cached_property
    def _of_library(self) -> list[Any]:
        """Made when images are first changed here: a trial that is augmented on a device never imports the library."""
        os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it would look for a newer version over the network
        import albumentations  # takes seconds, and listing the policies must not

        return [transform.of_library(albumentations) for transform in self._transforms]

    def _drawn(self, count: int, height: int, width: int, seed: int) -> list[list[Any]]:
        """For each image what each transform drew, None where the image stays as it is."""
        stream = Stream.of(seed)
        return [[transform.chosen(stream, height, width) for transform in self._transforms] for _ in range(count)]
