"""The policies against calls of albumentations, as a second method: the same draws, the same pixels, bit for bit."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ferray.augment._compose import ComposedPolicy
from ferray.augment.assa2021 import Assa2021
from ferray.augment.light import Light
from ferray.augment.liu2020 import Liu2020
from ferray.augment.wang2020 import Wang2020

Theirs = Callable[[Any], list[Any]]


@pytest.fixture(scope="module")
def library() -> Any:
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it would look for a newer version over the network
    import albumentations

    return albumentations


def wang2020(library: Any) -> list[Any]:
    """The publication's list in today's names: RandomBrightness has no contrast, ShiftScaleRotate is Affine."""
    reflect = {"border_mode": cv2.BORDER_REFLECT_101, "keep_ratio": True}
    return [
        library.HorizontalFlip(p=0.5),
        library.RandomBrightnessContrast(brightness_limit=0.2, contrast_limit=0, p=0.5),
        library.Affine(translate_percent=(-0.0625, 0.0625), scale=(0.9, 1.1), rotate=(-45, 45), p=0.5, **reflect),
        library.ImageCompression(quality_range=(99, 100), p=0.5),
        library.HueSaturationValue(hue_shift_limit=20, sat_shift_limit=30, val_shift_limit=20, p=0.5),
    ]


def light(library: Any) -> list[Any]:
    repeat = {"border_mode": cv2.BORDER_REPLICATE, "keep_ratio": True}
    return [
        library.HorizontalFlip(p=0.5),
        library.Affine(rotate=(-10, 10), translate_percent=(-0.06, 0.06), scale=(1 - 0.08, 1 + 0.08), p=1.0, **repeat),
        library.RandomBrightnessContrast(brightness_limit=0.2, contrast_limit=0.2, p=0.8),
    ]


def still(library: Any) -> list[Any]:
    """The matrix of an image that is not moved is the identity, with which the library does nothing."""
    repeat = {"border_mode": cv2.BORDER_REPLICATE, "keep_ratio": True}
    return [
        library.HorizontalFlip(p=0.5),
        library.Affine(rotate=(0, 0), translate_percent=(0, 0), scale=(1.0, 1.0), p=1.0, **repeat),
        library.RandomBrightnessContrast(brightness_limit=1.0, contrast_limit=1.0, p=0.8),
    ]


def liu2020(library: Any) -> list[Any]:
    return [library.HorizontalFlip(p=0.5), library.Affine(rotate=(-15, 15), border_mode=cv2.BORDER_REPLICATE, p=1.0)]


def assa2021(library: Any) -> list[Any]:
    sides = {"hole_height_range": (9, 9), "hole_width_range": (9, 9)}  # a quarter of 37
    return [
        library.HorizontalFlip(p=0.5),
        library.GaussNoise(std_range=(0, 0.05), per_channel=False, p=0.5),
        library.CoarseDropout(num_holes_range=(1, 1), fill=0, p=0.5, **sides),
    ]


POLICIES: dict[str, tuple[ComposedPolicy, Theirs]] = {
    "wang2020": (Wang2020(Wang2020.Params(), 37), wang2020),
    "light": (Light(Light.Params(), 37), light),
    "light, not moved": (Light(Light.Params(degrees=0, shift=0, scale=0, light=1), 37), still),
    "liu2020": (Liu2020(Liu2020.Params(), 37), liu2020),
    "assa2021": (Assa2021(Assa2021.Params(), 37), assa2021),
}


def pictures() -> NDArray[np.uint8]:
    """Twelve of 37 pixels: six of noise, six smooth in colour."""
    generator = np.random.default_rng(0)
    noise = generator.integers(0, 256, (6, 37, 37, 3), dtype=np.uint8)
    coarse = generator.integers(0, 256, (6, 5, 5, 3), dtype=np.uint8)
    smooth = [cv2.resize(image, (37, 37), interpolation=cv2.INTER_CUBIC) for image in coarse]
    return np.concatenate([noise, np.stack(smooth)])


def their_pixels(transforms: list[Any], images_NHWC: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """All of them draw from one stream, image by image."""
    generator, py_random = np.random.default_rng(seed), random.Random(seed)
    for transform in transforms:
        transform.set_random_state(generator, py_random)
    augmented = []
    for image in images_NHWC:
        for transform in transforms:
            image = transform(image=image)["image"]
        augmented.append(image)
    return np.stack(augmented)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("policy", "theirs"), POLICIES.values(), ids=POLICIES)
def test_a_policy_gives_the_librarys_pixels(policy: ComposedPolicy, theirs: Theirs, seed: int, library: Any) -> None:
    assert np.array_equal(policy.apply(pictures(), seed), their_pixels(theirs(library), pictures(), seed))
