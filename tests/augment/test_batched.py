"""The batched transforms against those of albumentations, on the host, image by image with the same numbers."""

from __future__ import annotations

import os
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ferray.augment import _batched
from ferray.augment._transforms import (
    Affine,
    BrightnessContrast,
    Cutout,
    HueSaturation,
    Jpeg,
    Mirror,
    Noise,
    Stream,
    Transform,
)

COUNT, SIDES = 12, (40, 53)  # rows and columns, neither of whole blocks of JPEG
EXACT: list[Transform] = [
    Mirror(probability=1),
    BrightnessContrast(probability=1, brightness=0.4, contrast=0.4),
    Cutout(probability=1, side=12),
]
WARPS: list[Transform] = [
    Affine(probability=1, degrees=45, shift=0.1, scale=0.2, border=border)
    for border in (cv2.BORDER_REFLECT_101, cv2.BORDER_REPLICATE)
]


def smooth() -> NDArray[np.uint8]:
    coarse = np.random.default_rng(0).integers(0, 256, (COUNT, 6, 6, 3), dtype=np.uint8)
    return np.stack([cv2.resize(image, SIDES[::-1], interpolation=cv2.INTER_CUBIC) for image in coarse])


def numbers(transform: Transform) -> list[Any]:
    stream = Stream.of(1)
    return [transform.draw(stream, *SIDES) for _ in range(COUNT)]


def batched(transform: Transform, images: NDArray[np.uint8]) -> NDArray[np.int64]:
    step = transform.step(range(COUNT), numbers(transform), *SIDES)
    return _batched.run([step], torch.from_numpy(images)).numpy().astype(np.int64)


def differences(transform: Transform) -> NDArray[np.int64]:
    """Levels between the two, at every pixel and channel."""
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    import albumentations  # takes seconds, and collecting must not

    theirs = transform.of_library(albumentations)
    pairs = zip(smooth(), numbers(transform), strict=True)
    one_by_one = [theirs.apply(image, **transform.arguments(image, drawn)) for image, drawn in pairs]
    return np.abs(batched(transform, smooth()) - np.stack(one_by_one))


@pytest.mark.parametrize("transform", EXACT, ids=lambda transform: type(transform).__name__)
def test_whole_numbers_are_the_hosts_to_the_bit(transform: Transform) -> None:
    assert differences(transform).max() == 0


@pytest.mark.parametrize("transform", WARPS, ids=["reflecting", "repeating"])
def test_a_warp_is_the_hosts_but_for_rounding(transform: Transform) -> None:
    apart = differences(transform)
    assert apart.max() <= 1
    assert (apart > 0).mean() < 0.01


@pytest.mark.parametrize("quality", [30, 90, 99, 100])
def test_jpeg_is_the_hosts_within_its_own_rounding(quality: int) -> None:
    """libjpeg transforms in whole numbers, and so differs by a level from its own formula here and there."""
    assert differences(Jpeg(probability=1, quality=(quality, quality))).mean() < 0.6


def test_jpeg_at_a_low_quality_is_no_copy() -> None:
    jpeg = Jpeg(probability=1, quality=(10, 10))
    assert np.abs(batched(jpeg, smooth()) - smooth()).mean() > 5 * differences(jpeg).mean()


def test_hue_and_saturation_are_the_hosts_within_its_table_of_hues() -> None:
    apart = differences(HueSaturation(probability=1, hue=20, saturation=30, value=20))
    # OpenCV divides by a table in whole numbers: a step of hue in 180 is up to 255 / 30 = 8.5 levels of a channel.
    assert apart.mean() < 0.6
    assert (apart > 1).mean() < 0.02


def test_grey_stays_grey() -> None:
    grey = np.repeat(smooth()[..., :1], 3, axis=3)
    changed = batched(HueSaturation(probability=1, hue=90, saturation=200, value=0), grey)
    assert np.array_equal(changed, grey)


def test_noise_has_each_images_deviation() -> None:
    noise, flat = Noise(probability=1, most=0.1), np.full((COUNT, *SIDES, 3), 128, dtype=np.uint8)
    asked = [255 * deviation for deviation, _ in numbers(noise)]
    # 2,120 pixels estimate a deviation to 1 / sqrt(2 * 2120) = 1.5 %; cutting to whole levels makes it smaller by 0.5.
    found = batched(noise, flat)[..., 0].std(axis=(1, 2))
    np.testing.assert_allclose(found, asked, rtol=0.06, atol=0.6)


def test_noise_is_the_same_in_all_channels() -> None:
    changed = batched(Noise(probability=1, most=0.1), np.full((COUNT, *SIDES, 3), 128, dtype=np.uint8))
    assert np.array_equal(changed, changed[..., :1].repeat(3, axis=3))


def test_images_that_were_not_chosen_stay() -> None:
    images = torch.from_numpy(smooth())
    changed = _batched.run([_batched.step(_batched.mirror, [1, 3])], images)
    assert [index for index in range(COUNT) if not torch.equal(changed[index], images[index])] == [1, 3]


def test_a_batch_is_not_written_to() -> None:
    images = torch.from_numpy(smooth())
    _batched.run([_batched.step(_batched.blackened, [0], [(0, 9, 0, 9)])], images)
    assert np.array_equal(images.numpy(), smooth())
