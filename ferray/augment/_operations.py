"""The fourteen operations of RandAugment and TrivialAugment, and the border to Pillow that both policies share.

Each takes a strength of -1 to 1 and no other number, so a policy draws names and strengths alone. The operations and
their ranges are those of the two publications in the reading of torchvision, whose classes draw from torch's global
generator, as timm's do from `random`: here all of it comes from the seed handed in.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from ferray.augment import AugmentPolicy

Picture = Image.Image
Ranges = Literal["rand_augment", "wide"]
_GREY = (128, 128, 128)  # what turns in from outside, as in the code of both publications
_STEPS = {"rand_augment": 4, "wide": 6}  # bits that posterising takes away at most
_Enhancement = Callable[[Picture], ImageEnhance._Enhance]


@dataclass(frozen=True)
class Operation:
    """How an image changes by an amount, and the greatest amount by range; without amounts it changes wholly.

    `is_signed`: the other way is a change too. `of_side`: that of `rand_augment` is a fraction of the image's side.
    """

    change: Callable[[Picture, float], Picture]
    rand_augment: float = 0.0
    wide: float = 0.0
    is_signed: bool = False
    of_side: bool = False

    def __call__(self, image: Picture, strength: float, ranges: Ranges) -> Picture:
        """The image changed by `strength`, in [-1, 1], of the greatest amount."""
        greatest = self.wide if ranges == "wide" else self.rand_augment * (image.width if self.of_side else 1)
        return self.change(image, strength * greatest)


class OperationsPolicy(AugmentPolicy):
    """A policy that mirrors an image or not, then puts it through operations that it draws."""

    @abstractmethod
    def draw(self, generator: np.random.Generator) -> Iterator[tuple[str, float]]:
        """The operations of one image in turn, each with a strength in [0, 1]."""

    @property
    @abstractmethod
    def ranges(self) -> Ranges:
        """Which amounts a strength of 1 stands for."""

    def apply(self, images_NHWC: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
        generator = np.random.default_rng(seed)
        augmented = np.empty_like(images_NHWC)
        for index, image_HWC in enumerate(images_NHWC):
            augmented[index] = self._apply_to_one(image_HWC, generator)
        return augmented

    def _apply_to_one(self, image_HWC: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
        if generator.random() < self.params.flip:
            image_HWC = cv2.flip(image_HWC, 1)  # twenty times as fast as numpy, whose reversed copy goes byte by byte
        picture = Image.fromarray(np.ascontiguousarray(image_HWC))
        for name, strength in self.draw(generator):
            operation = OPERATIONS[name]
            sign = -1 if operation.is_signed and generator.random() < 0.5 else 1
            picture = operation(picture, sign * strength, self.ranges)
        return np.asarray(picture)


def _affine(image: Picture, *matrix: float) -> Picture:
    return image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR, fillcolor=_GREY)


def _enhanced(kind: _Enhancement) -> Callable[[Picture, float], Picture]:
    return lambda image, amount: kind(image).enhance(1 + amount)


def _posterized(image: Picture, amount: float) -> Picture:
    return ImageOps.posterize(image, 8 - round(amount))


def _solarized(image: Picture, amount: float) -> Picture:
    return ImageOps.solarize(image, math.ceil(255 - amount))


OPERATIONS: dict[str, Operation] = {
    "identity": Operation(lambda image, _: image),
    "shear_x": Operation(lambda image, by: _affine(image, 1, by, 0, 0, 1, 0), 0.3, 0.99, is_signed=True),
    "shear_y": Operation(lambda image, by: _affine(image, 1, 0, 0, by, 1, 0), 0.3, 0.99, is_signed=True),
    "translate_x": Operation(
        lambda image, by: _affine(image, 1, 0, -int(by), 0, 1, 0), 150 / 331, 32, is_signed=True, of_side=True
    ),
    "translate_y": Operation(
        lambda image, by: _affine(image, 1, 0, 0, 0, 1, -int(by)), 150 / 331, 32, is_signed=True, of_side=True
    ),
    "rotate": Operation(
        lambda image, by: image.rotate(by, Image.Resampling.BILINEAR, fillcolor=_GREY), 30, 135, is_signed=True
    ),
    "brightness": Operation(_enhanced(ImageEnhance.Brightness), 0.9, 0.99, is_signed=True),
    "color": Operation(_enhanced(ImageEnhance.Color), 0.9, 0.99, is_signed=True),
    "contrast": Operation(_enhanced(ImageEnhance.Contrast), 0.9, 0.99, is_signed=True),
    "sharpness": Operation(_enhanced(ImageEnhance.Sharpness), 0.9, 0.99, is_signed=True),
    "posterize": Operation(_posterized, _STEPS["rand_augment"], _STEPS["wide"]),
    "solarize": Operation(_solarized, 255, 255),
    "auto_contrast": Operation(lambda image, _: ImageOps.autocontrast(image)),
    "equalize": Operation(lambda image, _: ImageOps.equalize(image)),
}
NAMES = tuple(OPERATIONS)
