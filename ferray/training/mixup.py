"""Targets that are softened: mixup and CutMix of a batch in host memory, label smoothing.

N = samples, H and W = pixels, C = classes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ferray.augment._batched import Step, step
from ferray.config.mixup import MixupConfig

Inputs = NDArray[np.uint8] | NDArray[np.float32]
Targets = NDArray[np.float32]


@dataclass(frozen=True)
class Mixture:
    """How a batch is mixed: each sample keeps `share`, the rest is of its partner; `box` (top, left, below, right)
    is what CutMix pastes, None for mixup.
    """

    share: float
    box: tuple[int, int, int, int] | None = None


def draw_mixture(config: MixupConfig, sides: tuple[int, ...], generator: np.random.Generator) -> Mixture | None:
    """How a batch of inputs of these sides (H, W, ...) is mixed; None for one that is left as it is.

    timm's `Mixup` in its mode `batch` draws the same from numpy's global generator, which threads that prepare batches
    would share.
    """
    if generator.random() >= config.prob:
        return None
    has_both = bool(config.alpha and config.cutmix_alpha)
    cuts = generator.random() < config.switch_prob if has_both else not config.alpha
    alpha = config.cutmix_alpha if cuts else config.alpha
    share = float(generator.beta(alpha, alpha))
    return _cut(share, sides, generator) if cuts else Mixture(share)


def mixed_targets(targets_NC: Targets, mixture: Mixture) -> Targets:
    """Targets, each with its partner's: the first with the last, the second with the last but one, ..."""
    return mixture.share * targets_NC + (1 - mixture.share) * targets_NC[::-1]


def mixing_step(mixture: Mixture, count: int) -> Step:
    """What `mixed` does to so many images, on their device."""
    return step(partial(_mixed_on_device, mixture=mixture), range(count))


def smoothed(targets_NC: Targets, smoothing: float) -> Targets:
    """Targets of which the share `smoothing` is spread evenly over all classes.

    Source: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", CVPR 2016, section 7.
    """
    return targets_NC * (1 - smoothing) + smoothing / targets_NC.shape[1] if smoothing else targets_NC


def _cut(share: float, sides: tuple[int, ...], generator: np.random.Generator) -> Mixture:
    """A box with about 1 - `share` of the area around a point of the image; the share is that of what lies inside."""
    height, width = sides[:2]
    side = math.sqrt(1 - share)
    rows, columns = int(height * side), int(width * side)
    middle_row, middle_column = int(generator.integers(height)), int(generator.integers(width))
    top, below = max(0, middle_row - rows // 2), min(height, middle_row + (rows + 1) // 2)
    left, right = max(0, middle_column - columns // 2), min(width, middle_column + (columns + 1) // 2)
    return Mixture(1 - (below - top) * (right - left) / (height * width), (top, left, below, right))


def mixed(inputs: Inputs, mixture: Mixture) -> Inputs:
    """Inputs, each with its partner's."""
    if mixture.box is not None:
        top, left, below, right = mixture.box
        pasted = inputs.copy()
        pasted[:, top:below, left:right] = inputs[::-1, top:below, left:right]
        return pasted
    first, second = (part.reshape(len(inputs), -1) for part in (inputs, np.ascontiguousarray(inputs[::-1])))
    blended: Inputs = cv2.addWeighted(first, mixture.share, second, 1 - mixture.share, 0).reshape(inputs.shape)
    return blended


def _mixed_on_device(images_NCHW: Tensor, mixture: Mixture) -> Tensor:
    partners = images_NCHW.flip(0)
    if mixture.box is None:
        return (mixture.share * images_NCHW + (1 - mixture.share) * partners).round_()
    top, left, below, right = mixture.box
    images_NCHW[:, :, top:below, left:right] = partners[:, :, top:below, left:right]
    return images_NCHW
