"""Training images that are changed on the device: what the host would have made of them, within rounding."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from ferray.data.samples import PackedSamples
from ferray.registry import ROOMS
from ferray.testing.trials import demo_config, packed_samples
from ferray.training.batches import Batch, TrainingBatches
from ferray.training.device_images import DeviceImages
from ferray.training.training_set import TrainingSet

CPU, COUNT, SIDE = torch.device("cpu"), 24, 40


@pytest.fixture(scope="module")
def samples() -> PackedSamples:
    coarse = np.random.default_rng(0).integers(0, 256, (COUNT, 6, 6, 3), dtype=np.uint8)
    smooth = np.stack([cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) for image in coarse])
    return replace(packed_samples([index % 7 for index in range(COUNT)]), images=smooth)


def made(samples: PackedSamples, *, is_held: bool = False, **keys: Any) -> Batch:
    config = demo_config(**keys)
    held = DeviceImages([samples], CPU) if is_held else None
    batches = TrainingBatches(config, TrainingSet(samples, config.imbalance), SIDE, held)
    return batches.prepare(np.arange(COUNT)[::-1].copy(), epoch=1, index=2).to(CPU)


def statistics(batch: Batch) -> np.ndarray:
    """Mean and deviation of each image."""
    values = batch.images.double().flatten(1)
    return torch.stack((values.mean(1), values.std(1))).numpy()


@pytest.mark.parametrize("policy", ROOMS["augment"].names())
def test_a_policy_makes_of_each_image_what_the_host_does(policy: str, samples: PackedSamples) -> None:
    host, device = made(samples, augment=policy), made(samples, augment=policy, augment_on="device")
    np.testing.assert_allclose(statistics(device), statistics(host), atol=1.5)


@pytest.mark.parametrize("policy", ["light", "liu2020", "rand_augment", "trivial_augment", "wang2020"])
def test_without_noise_hardly_a_pixel_is_another(policy: str, samples: PackedSamples) -> None:
    host, device = made(samples, augment=policy), made(samples, augment=policy, augment_on="device")
    apart = (host.images.int() - device.images.int()).abs()
    assert (apart > 2).double().mean() < 0.02


@pytest.mark.parametrize("mixup", [{"alpha": 0.4}, {"alpha": 0, "cutmix_alpha": 1}], ids=["mixup", "cutmix"])
def test_mixtures_are_the_hosts(mixup: dict[str, float], samples: PackedSamples) -> None:
    keys = {"mixup": mixup, "label_smoothing": 0.1, "augment": "none"}
    host, device = made(samples, **keys), made(samples, **keys, augment_on="device")
    assert (host.images.int() - device.images.int()).abs().max() <= 1
    assert host.targets is not None
    assert device.targets is not None
    assert torch.equal(host.targets, device.targets)
    assert torch.equal(host.labels, device.labels)


@pytest.mark.parametrize("fill", ["black", "noise"])
def test_rectangles_are_erased_with_their_probability(fill: str, samples: PackedSamples) -> None:
    keys = {"augment": "none", "augment_on": "device", "random_erasing": {"probability": 0.5, "fill": fill}}
    changed = (made(samples, **keys).images != made(samples, augment="none").images).flatten(1).any(1)
    # 12 of 24 expected, standard deviation 2.4
    assert 4 < changed.sum() < 20


def test_black_rectangles_are_the_hosts(samples: PackedSamples) -> None:
    keys = {"augment": "none", "random_erasing": {"probability": 0.5, "fill": "black"}}
    assert torch.equal(made(samples, **keys).images, made(samples, **keys, augment_on="device").images)


def test_images_that_the_device_holds_make_the_same_batch(samples: PackedSamples) -> None:
    keys = {"augment": "wang2020", "augment_on": "device", "mixup": {"alpha": 0.4}}
    assert torch.equal(made(samples, **keys).images, made(samples, **keys, is_held=True).images)


@pytest.mark.parametrize("policy", ["assa2021", "wang2020"])
def test_the_same_batch_has_the_same_pixels_again(policy: str, samples: PackedSamples) -> None:
    keys = {"augment": policy, "augment_on": "device", "random_erasing": {"probability": 1}}
    assert torch.equal(made(samples, **keys).images, made(samples, **keys).images)


def test_torchs_own_generator_is_left_alone(samples: PackedSamples) -> None:
    before = torch.get_rng_state()
    made(samples, augment="assa2021", augment_on="device", random_erasing={"probability": 1})
    assert torch.equal(torch.get_rng_state(), before)
