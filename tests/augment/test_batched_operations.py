"""The batched operations against Pillow's, through which the policies go on the host."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from ferray.augment import _batched
from ferray.augment._batched_operations import NAMES, operation_steps
from ferray.augment._operations import OPERATIONS, OperationsPolicy, Ranges
from ferray.augment.rand_augment import RandAugment
from ferray.augment.trivial_augment import TrivialAugment
from ferray.testing.augment import IMAGE_SIZE, batch

SIDE = 48
SIGNED = [name for name, operation in OPERATIONS.items() if operation.is_signed]


def pictures(count: int = 3) -> np.ndarray:
    coarse = np.random.default_rng(0).integers(0, 256, (count, 6, 6, 3), dtype=np.uint8)
    return np.stack([cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) for image in coarse])


def apart(name: str, strength: float, ranges: Ranges) -> np.ndarray:
    """Levels between the two, of one operation on pictures of several colours."""
    from PIL import Image

    pillow = [np.asarray(OPERATIONS[name](Image.fromarray(image), strength, ranges)) for image in pictures()]
    amount = OPERATIONS[name].amount(strength, ranges, SIDE)
    steps = operation_steps(dict.fromkeys(range(3), (name, amount)), SIDE)
    return np.abs(_batched.run(steps, torch.from_numpy(pictures())).numpy().astype(int) - np.stack(pillow))


@pytest.mark.parametrize("ranges", ["rand_augment", "wide"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_gives_pillows_pixels(name: str, ranges: Ranges) -> None:
    assert np.quantile(apart(name, 0.55, ranges), 0.999) <= 1


@pytest.mark.parametrize("name", SIGNED)
def test_operation_goes_the_other_way_too(name: str) -> None:
    assert np.quantile(apart(name, -0.55, "wide"), 0.999) <= 1


def test_the_names_are_those_of_the_host() -> None:
    assert set(NAMES) == set(OPERATIONS)


def test_a_flat_image_is_neither_stretched_nor_equalized() -> None:
    flat = torch.full((2, 16, 16, 3), 77, dtype=torch.uint8)
    steps = operation_steps({0: ("auto_contrast", 0.0), 1: ("equalize", 0.0)}, 16)
    assert torch.equal(_batched.run(steps, flat), flat)


@pytest.mark.parametrize("policy", [RandAugment(RandAugment.Params(), 32), TrivialAugment(TrivialAugment.Params(), 32)])
def test_a_policy_draws_the_same_on_host_and_device(policy: OperationsPolicy) -> None:
    images = np.repeat(batch(), 16, axis=0)
    steps = policy.steps(len(images), IMAGE_SIZE, IMAGE_SIZE, 5)
    batched = _batched.run(steps, torch.from_numpy(images.copy())).numpy().astype(int)
    # Equalising multiplies a level that rounds otherwise before it; hardly a pixel is more than a level off.
    assert (np.abs(batched - policy.apply(images, 5)) > 1).mean() < 0.01
