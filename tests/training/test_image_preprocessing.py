from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ferray.config.trial import PixelsConfig
from ferray.data.samples import PackedSamples
from ferray.models.backbones import InputSpec
from ferray.testing.trials import demo_config, demo_job, packed_samples
from ferray.training.image_preprocessing import ImagePreprocessing, PixelStatistics
from ferray.training.network_trainer import NetworkTrainer

SPEC = InputSpec(image_size=2, mean=(0.5, 0.25, 0.0), std=(0.5, 0.5, 1.0))
# One pixel each of red and white, of black and blue.
IMAGES = np.array([[[[255, 0, 0], [255, 255, 255]]], [[[0, 0, 0], [0, 0, 255]]]], dtype=np.uint8)


def split_of(images: np.ndarray, rows: list[int]) -> PackedSamples:
    few = packed_samples([0] * len(rows))
    return replace(few, images=images, rows=np.array(rows))


def seen(normalise: str, *, grey: bool = False) -> list[list[list[float]]]:
    """What becomes of both images, (2, 3, 2): their two pixels by channel."""
    config = PixelsConfig.model_validate({"normalise": normalise, "grey": grey})
    pixels = ImagePreprocessing.of_training(config, SPEC, split_of(IMAGES, [0, 1]))
    return pixels(torch.from_numpy(IMAGES)).squeeze(2).tolist()


def approx(expected: list[list[list[float]]]) -> object:
    return pytest.approx(np.array(expected), abs=1e-6)


def test_backbone_is_mean_and_std_of_its_weights() -> None:
    # red (x - 0.5) / 0.5, green (x - 0.25) / 0.5, blue x
    expected = [[[1, 1], [-0.5, 1.5], [0, 1]], [[-1, -1], [-0.5, -0.5], [0, 1]]]
    assert seen("backbone") == approx(expected)


def test_backbone_is_computed_bit_for_bit_as_one_product_and_one_difference() -> None:
    images = packed_samples([0] * 4).images
    mean, std = (torch.tensor(row).view(1, 3, 1, 1) for row in (SPEC.mean, SPEC.std))
    by_hand = torch.from_numpy(images).permute(0, 3, 1, 2).float() * (1 / (255 * std)) - mean / std
    assert torch.equal(ImagePreprocessing(PixelsConfig(), SPEC)(torch.from_numpy(images)), by_hand)


def test_unit_is_a_255th() -> None:
    assert seen("unit") == approx([[[1, 1], [0, 1], [0, 1]], [[0, 0], [0, 0], [0, 1]]])


def test_train_mean_is_taken_off_by_channel() -> None:
    # Means of the four pixels: red 1/2, green 1/4, blue 1/2.
    expected = [[[0.5, 0.5], [-0.25, 0.75], [-0.5, 0.5]], [[-0.5, -0.5], [-0.25, -0.25], [-0.5, 0.5]]]
    assert seen("train_mean") == approx(expected)


def test_train_std_divides_by_that_of_the_population() -> None:
    # Red and blue: std 1/2. Green: one of four, std sqrt(3)/4.
    low, high = -1 / 3**0.5, 3**0.5
    assert seen("train_std") == approx([[[1, 1], [low, high], [-1, 1]], [[-1, -1], [low, low], [-1, 1]]])


def test_train_minmax_is_the_range_of_the_split_by_channel() -> None:
    images = np.array([[[[50, 0, 7]]], [[[150, 10, 7]]], [[[250, 255, 7]]]], dtype=np.uint8)
    config = PixelsConfig(normalise="train_minmax")
    pixels = ImagePreprocessing.of_training(config, SPEC, split_of(images, [0, 2]))
    # Green of the image outside the split: 10 / 255. Blue has no range.
    assert pixels(torch.from_numpy(images))[1].flatten().tolist() == pytest.approx([0.5, 10 / 255, 0.0], abs=1e-6)


def test_image_std_is_over_all_of_one_image() -> None:
    # Four of the first image's six values are 1: mean 2/3, std sqrt(2)/3. One of the second's: mean 1/6, std sqrt(5)/6.
    low, high = -(2**0.5), 0.5**0.5
    dark, bright = -1 / 5**0.5, 5**0.5
    expected = [[[high, high], [low, high], [low, high]], [[dark, dark], [dark, dark], [dark, bright]]]
    assert seen("image_std") == approx(expected)


def test_image_minmax_is_the_range_of_one_image() -> None:
    images = torch.tensor([[[[50, 100, 150]]], [[[9, 9, 9]]]], dtype=torch.uint8)
    pixels = ImagePreprocessing(PixelsConfig(normalise="image_minmax"), SPEC)
    assert pixels(images).flatten().tolist() == [0.0, 0.5, 1.0, 0.0, 0.0, 0.0]


def test_an_image_of_one_colour_becomes_zero() -> None:
    images = torch.full((1, 2, 2, 3), 200, dtype=torch.uint8)
    assert ImagePreprocessing(PixelsConfig(normalise="image_std"), SPEC)(images).abs().max() == 0


def test_an_image_is_seen_alone_as_in_company() -> None:
    images = torch.from_numpy(packed_samples([0] * 5, size=33).images)
    pixels = ImagePreprocessing(PixelsConfig(normalise="image_std"), SPEC)
    assert torch.equal(pixels(images)[3:4], pixels(images[3:4]))


def test_grey_is_the_average_of_the_colours_three_times() -> None:
    # red 1/3, white 1; black 0, blue 1/3
    first, second = [1 / 3, 1], [0, 1 / 3]
    assert seen("unit", grey=True) == approx([[first] * 3, [second] * 3])


def test_statistics_of_grey_are_those_of_the_average() -> None:
    # 1/3, 1, 0, 1/3 have the mean 5/12 and the range 1.
    first, second = [-1 / 12, 7 / 12], [-5 / 12, -1 / 12]
    assert seen("train_mean", grey=True) == approx([[first] * 3, [second] * 3])
    assert seen("train_minmax", grey=True) == approx([[[1 / 3, 1]] * 3, [[0, 1 / 3]] * 3])


def test_an_images_own_numbers_are_those_of_its_grey() -> None:
    # 1/3 and 1: mean 2/3, std 1/3, as in the second image with 0 and 1/3.
    assert seen("image_std", grey=True) == approx([[[-1, 1]] * 3, [[-1, 1]] * 3])
    assert seen("image_minmax", grey=True) == approx([[[0, 1]] * 3, [[0, 1]] * 3])


def test_statistics_are_those_of_numpy() -> None:
    few = packed_samples([0] * 70, size=9)
    known, values = PixelStatistics.of(few, grey=False), few.images.reshape(-1, 3) / 255
    second = [values.mean(axis=0), values.std(axis=0), values.min(axis=0), values.max(axis=0)]
    assert [known.mean, known.std, known.minimum, known.maximum] == [pytest.approx(row, rel=1e-12) for row in second]


def test_chunks_do_not_change_a_bit() -> None:
    samples = packed_samples([0] * 70, size=9)
    assert PixelStatistics.of(samples, grey=True, chunk=3) == PixelStatistics.of(samples, grey=True, chunk=70)


def test_samples_outside_the_split_are_not_counted() -> None:
    assert PixelStatistics.of(split_of(IMAGES, [0]), grey=False).mean == (1.0, 0.5, 0.5)


def test_they_survive_json() -> None:
    pixels = ImagePreprocessing.of_training(
        PixelsConfig(normalise="train_std", grey=True), SPEC, split_of(IMAGES, [0, 1])
    )
    again = ImagePreprocessing.from_json(pixels.to_json(), SPEC)
    assert torch.equal(again(torch.from_numpy(IMAGES)), pixels(torch.from_numpy(IMAGES)))


def test_a_checkpoint_that_says_nothing_was_trained_as_the_backbone_wants() -> None:
    assert ImagePreprocessing.from_json(None, SPEC).config == PixelsConfig()


def test_memory_stays_channels_last() -> None:
    images = torch.from_numpy(packed_samples([0] * 2).images)
    pixels = ImagePreprocessing(PixelsConfig(grey=True), SPEC)
    assert pixels(images).is_contiguous(memory_format=torch.channels_last)


def test_best_checkpoint_knows_the_training_splits_numbers(tmp_path: Path, cache: Path) -> None:
    config = demo_config(epochs=1, pixels={"normalise": "train_mean"})
    with NetworkTrainer(demo_job(tmp_path, cache, config)) as trainer:
        trainer.step()
        train = trainer.parts.splits.train
    mean = torch.load(tmp_path / "best.pt", weights_only=True)["pixels"]["statistics"]["mean"]
    assert mean == pytest.approx(train.images[train.rows].reshape(-1, 3).mean(axis=0) / 255)


@pytest.mark.parametrize("normalise", ["train_std", "train_minmax", "image_std", "image_minmax", "unit"])
def test_every_kind_trains(tmp_path: Path, cache: Path, normalise: str) -> None:
    config = demo_config(epochs=1, pixels={"normalise": normalise, "grey": True})
    with NetworkTrainer(demo_job(tmp_path, cache, config)) as trainer:
        assert not trainer.step().diverged
