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
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from ferray.augment import AugmentPolicy
from ferray.system.late import late

if TYPE_CHECKING:
    import cv2

    from ferray.augment._batched import Step
else:
    cv2 = late("cv2")

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
        return self.change(image, self.amount(strength, ranges, image.width))

    def amount(self, strength: float, ranges: Ranges, side: int) -> float:
        """What `strength` stands for in an image of so many pixels a side."""
        greatest = self.wide if ranges == "wide" else self.rand_augment * (side if self.of_side else 1)
        return strength * greatest


class OperationsPolicy(AugmentPolicy):
    """A policy that mirrors an image or not, then puts it through operations that it draws.

    Host and device draw the same ones.
    """

    is_batched: ClassVar[bool] = True

    @abstractmethod
    def draw(self, generator: np.random.Generator) -> Iterator[tuple[str, float]]:
        """The operations of one image in turn, each with a strength in [0, 1]."""

    @property
    @abstractmethod
    def ranges(self) -> Ranges:
        """Which amounts a strength of 1 stands for."""

    def apply(self, images_NHWC: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
        augmented = np.empty_like(images_NHWC)
        for index, (is_mirrored, operations) in enumerate(self._drawn(len(images_NHWC), images_NHWC.shape[2], seed)):
            image_HWC = images_NHWC[index]
            # Twenty times as fast as numpy, whose reversed copy goes byte by byte.
            picture = Image.fromarray(cv2.flip(image_HWC, 1) if is_mirrored else image_HWC)
            for name, amount in operations:
                picture = OPERATIONS[name].change(picture, amount)
            augmented[index] = np.asarray(picture)
        return augmented

    def steps(self, count: int, height: int, width: int, seed: int) -> list[Step]:
        from ferray.augment._batched import mirror, step
        from ferray.augment._batched_operations import operation_steps

        drawn = self._drawn(count, width, seed)
        mirrored = [index for index, (is_mirrored, _) in enumerate(drawn) if is_mirrored]
        steps = [step(mirror, mirrored)] if mirrored else []
        for turn in range(max((len(operations) for _, operations in drawn), default=0)):
            named = {index: each[turn] for index, (_, each) in enumerate(drawn) if turn < len(each)}
            steps += operation_steps(named, width)
        return steps

    def _drawn(self, count: int, side: int, seed: int) -> list[tuple[bool, list[tuple[str, float]]]]:
        """For each image whether it is mirrored, and its operations in turn with their amounts."""
        generator = np.random.default_rng(seed)
        return [(bool(generator.random() < self.params.flip), self._operations(generator, side)) for _ in range(count)]

    def _operations(self, generator: np.random.Generator, side: int) -> list[tuple[str, float]]:
        chosen = []
        for name, strength in self.draw(generator):
            operation = OPERATIONS[name]
            sign = -1 if operation.is_signed and generator.random() < 0.5 else 1
            chosen.append((name, operation.amount(sign * strength, self.ranges, side)))
        return chosen


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
