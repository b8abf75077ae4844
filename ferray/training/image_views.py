"""The views of an image that a network is judged by. N = images, H and W = pixels, C = classes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from ferray.config.evaluate import EvaluateConfig

Ask = Callable[[Tensor], Tensor]


def mean_over_views(ask: Ask, images_NHWC: Tensor, config: EvaluateConfig) -> Tensor:
    """The mean of the logits (N, C) that `ask` gives for each view of the images, in float32.

    Source: Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural Networks", NIPS 2012, section
    4.1, who average probabilities; the mean of logits stays something that a strategy can correct and a temperature
    can scale.
    """
    answers = map(ask, _views(images_NHWC, config))
    return functools.reduce(torch.add, answers) / config.num_views


def _views(images_NHWC: Tensor, config: EvaluateConfig) -> Iterator[Tensor]:
    crops = [images_NHWC] if config.crops == 1 else _five_crops(images_NHWC, config.crop_fraction)
    for crop_NHWC in crops:
        yield crop_NHWC
        if config.flip:
            yield crop_NHWC.flip(2)


def _five_crops(images_NHWC: Tensor, fraction: float) -> Iterator[Tensor]:
    """Corners and centre, each enlarged to the images' size, uint8 like them."""
    height, width = images_NHWC.shape[1:3]
    rows, columns = max(1, round(height * fraction)), max(1, round(width * fraction))
    below, right = height - rows, width - columns
    for top, left in ((0, 0), (0, right), (below, 0), (below, right), (below // 2, right // 2)):
        crop_NCHW = images_NHWC[:, top : top + rows, left : left + columns].permute(0, 3, 1, 2).float()
        enlarged_NCHW = F.interpolate(crop_NCHW, size=(height, width), mode="bilinear", align_corners=False)
        yield enlarged_NCHW.round().to(torch.uint8).permute(0, 2, 3, 1)
