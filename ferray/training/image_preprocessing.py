"""From uint8 images to what the network sees. N = images, H and W = pixels, C = channels (three, or one of grey)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ferray.config.trial import PixelsConfig
from ferray.data.samples import PackedSamples
from ferray.models.backbones import InputSpec

LEAST_SPREAD = 1 / 255  # one step of a pixel: what has no spread of its own becomes 0, and is not divided by 0
Channels = tuple[float, float, float]


@dataclass(frozen=True)
class PixelStatistics:
    """Mean, standard deviation (of the population) and range of each channel over a training split, in [0, 1]."""

    mean: Channels
    std: Channels
    minimum: Channels
    maximum: Channels

    @classmethod
    def of(cls, samples: PackedSamples, *, grey: bool, chunk: int = 64) -> PixelStatistics:
        """Counted, `chunk` images at a time, as whole numbers, so that neither order nor chunks change a bit.

        With `grey` the three channels have the numbers of their average.
        """
        counts_CL = np.zeros((1, 766) if grey else (3, 256), dtype=np.int64)
        for values_CP in _chunks(samples, chunk, grey=grey):
            counts_CL += [np.bincount(values_P, minlength=counts_CL.shape[1]) for values_P in values_CP]
        moments = [_moments(counts) for counts in counts_CL.tolist()]
        mean, std, minimum, maximum = zip(*(moments * 3 if grey else moments), strict=True)
        return cls(mean, std, minimum, maximum)


class ImagePreprocessing:
    """What `PixelsConfig` makes of images, on whichever device they are.

    `statistics` are those of the training split, None where the configuration does not ask for them. They travel with
    the weights, so a trained network needs no training data to be used.
    """

    def __init__(self, config: PixelsConfig, spec: InputSpec, statistics: PixelStatistics | None = None) -> None:
        self.config = config
        self.statistics = statistics
        self._spec = spec
        centre, spread = _centre_and_spread(config, spec, statistics)
        self._scale = 1 / (255 * torch.tensor(spread))
        self._shift = torch.tensor(centre) / torch.tensor(spread)

    @classmethod
    def of_training(cls, config: PixelsConfig, spec: InputSpec, samples: PackedSamples) -> ImagePreprocessing:
        """Those of a trial with this training split, which is read where its statistics are asked for."""
        wants_statistics = config.normalise.startswith("train_")
        return cls(config, spec, PixelStatistics.of(samples, grey=config.grey) if wants_statistics else None)

    @classmethod
    def from_json(cls, state: dict[str, Any] | None, spec: InputSpec) -> ImagePreprocessing:
        """Those of a best.pt; None is one that says nothing of them, which was trained as the backbone wants it."""
        if state is None:
            return cls(PixelsConfig(), spec)
        known = state["statistics"]
        statistics = None if known is None else PixelStatistics(**{name: tuple(row) for name, row in known.items()})
        return cls(PixelsConfig.model_validate(state["config"]), spec, statistics)

    def to_json(self) -> dict[str, Any]:
        """Plain containers that `from_json` reads back, for best.pt."""
        statistics = {name: list(row) for name, row in asdict(self.statistics).items()} if self.statistics else None
        return {"config": self.config.model_dump(mode="json"), "statistics": statistics}

    @property
    def mean_and_std(self) -> tuple[Channels, Channels] | None:
        """What is taken off a channel in [0, 1], and what the rest is divided by; None where each image has its own."""
        if self.config.normalise.startswith("image_"):
            return None
        return _centre_and_spread(self.config, self._spec, self.statistics)

    def to(self, device: torch.device) -> ImagePreprocessing:
        """Itself, with its numbers on the device of the images."""
        self._scale, self._shift = self._scale.to(device), self._shift.to(device)
        return self

    def __call__(self, images_NHWC: Tensor) -> Tensor:
        """(N, 3, H, W) float32 of uint8 (N, H, W, 3); the strides stay those of channels last."""
        seen_NHWC = _grey(images_NHWC) if self.config.grey else images_NHWC.float()
        if self.config.normalise.startswith("image_"):
            centre, spread = self._of_each_image(images_NHWC)
            seen_NHWC.sub_(centre).div_(spread)
        else:
            seen_NHWC.mul_(self._scale).sub_(self._shift)
        return seen_NHWC.permute(0, 3, 1, 2)

    def _of_each_image(self, images_NHWC: Tensor) -> tuple[Tensor, Tensor]:
        """Centre and spread (N, 1, 1, 1) in levels of 0 to 255, over all pixels and channels of an image."""
        # Whole numbers, whose sums do not depend on the batch an image stands in.
        levels = 3 if self.config.grey else 1
        values_NP = (images_NHWC.sum(dim=3, dtype=torch.int64) if self.config.grey else images_NHWC.int()).flatten(1)
        if self.config.normalise == "image_minmax":
            low_N, high_N = values_NP.aminmax(dim=1)
            centre_N, spread_N = low_N.double(), (high_N - low_N).double()
        else:
            count, sum_N = values_NP.shape[1], values_NP.sum(dim=1, dtype=torch.int64)
            squares_N = values_NP.square().sum(dim=1, dtype=torch.int64)
            centre_N = sum_N.double() / count
            spread_N = (count * squares_N - sum_N.square()).double().sqrt() / count
        centre_N111, spread_N111 = ((row_N / levels).view(-1, 1, 1, 1) for row_N in (centre_N, spread_N))
        return centre_N111.float(), spread_N111.clamp(min=1).float()


def _grey(images_NHWC: Tensor) -> Tensor:
    return images_NHWC.float().mean(dim=3, keepdim=True).repeat(1, 1, 1, 3)


def _centre_and_spread(
    config: PixelsConfig, spec: InputSpec, statistics: PixelStatistics | None
) -> tuple[Channels, Channels]:
    """What is taken off a channel in [0, 1], and what the rest is divided by."""
    if config.normalise == "backbone":
        return spec.mean, spec.std
    if statistics is None:
        return (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    if config.normalise == "train_mean":
        return statistics.mean, (1.0, 1.0, 1.0)
    if config.normalise == "train_std":
        return statistics.mean, _no_less(statistics.std)
    ranges = zip(statistics.minimum, statistics.maximum, strict=True)
    return statistics.minimum, _no_less([high - low for low, high in ranges])


def _no_less(spread: Channels | list[float]) -> Channels:
    first, second, third = (max(value, LEAST_SPREAD) for value in spread)
    return first, second, third


def _chunks(samples: PackedSamples, size: int, *, grey: bool) -> Iterator[NDArray[np.integer[Any]]]:
    """Values of all pixels (C, P), a few images at a time; those of grey are sums of three, up to 765."""
    for start in range(0, len(samples), size):
        pixels_P3 = samples.images_of(np.arange(start, min(start + size, len(samples)))).reshape(-1, 3)
        yield pixels_P3.sum(axis=1, dtype=np.int64)[None] if grey else pixels_P3.T


def _moments(counts: list[int]) -> tuple[float, float, float, float]:
    """Mean, standard deviation, minimum and maximum on [0, 1] of levels that were counted so often each."""
    highest = len(counts) - 1
    present = [level for level, count in enumerate(counts) if count]
    total, first = sum(counts), sum(level * counts[level] for level in present)
    second = sum(level * level * counts[level] for level in present)
    std = math.sqrt(total * second - first * first) / total  # whole numbers of any size until here
    return first / total / highest, std / highest, present[0] / highest, present[-1] / highest
