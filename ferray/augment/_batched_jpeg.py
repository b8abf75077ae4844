"""Through JPEG and back as torch operations, without the code of bits in between, which loses nothing.

K = images, B = 3 channels in the order in which OpenCV takes them, H and W = pixels. Source: ITU-T T.81 (DCT,
quantisation, annex K's tables); T.871 (colours); the libjpeg that OpenCV is built with halves and doubles colour.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from ferray.augment._batched import Step, step

_LUMINANCE = (
    *(16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29),
    *(51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121),
    *(120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
)
_COLOUR = (
    *(17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99),
    *(99,) * 36,
)


def jpeg_step(chosen: Sequence[int], qualities: Sequence[int]) -> Step:
    """Compress those images by a quality each, from 1 to 100."""
    tables = [[_scaled(table, quality) for table in (_LUMINANCE, _COLOUR)] for quality in qualities]
    return step(_compressed, chosen, [[[float(each) for each in table] for table in pair] for pair in tables])


def _scaled(table: Sequence[int], quality: int) -> list[int]:
    """The steps of one quality, as libjpeg scales them."""
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    return [min(255, max(1, (entry * percent + 50) // 100)) for entry in table]


def _compressed(images: Tensor, tables_K2Q: Tensor) -> Tensor:
    height, width = images.shape[2:]
    # Whole blocks of 16: the last row and column go on.
    padded = F.pad(images, (0, -width % 16, 0, -height % 16), mode="replicate")
    red, green, blue = padded[:, 2], padded[:, 1], padded[:, 0]  # OpenCV takes the first channel for blue
    luminance = (0.299 * red + 0.587 * green + 0.114 * blue).round()
    blueness = (128 - 0.168735892 * red - 0.331264108 * green + 0.5 * blue).round()
    redness = (128 + 0.5 * red - 0.418687589 * green - 0.081312411 * blue).round()
    colours = F.avg_pool2d(torch.stack((blueness, redness), 1), 2)
    colours = (colours + _bias_of_halves(colours)).floor()
    luminance = _through_blocks(luminance.unsqueeze(1), tables_K2Q[:, 0])
    colours = _through_blocks(colours, tables_K2Q[:, 1])
    colours = F.interpolate(colours, scale_factor=2, mode="bilinear", align_corners=False).round() - 128
    blueness, redness = colours.unbind(1)
    luminance = luminance.squeeze(1)
    green = luminance - 0.344136286 * blueness - 0.714136286 * redness
    decoded = torch.stack((luminance + 1.772 * blueness, green, luminance + 1.402 * redness), 1)
    return decoded.round()[:, :, :height, :width].clamp(0, 255)


def _bias_of_halves(colours: Tensor) -> Tensor:
    """libjpeg rounds a mean of four by a quarter and by a half in turn, from column to column."""
    columns = torch.arange(colours.shape[3], device=colours.device, dtype=colours.dtype)
    return 0.25 + 0.25 * columns.remainder(2)


def _through_blocks(planes: Tensor, steps_KQ: Tensor) -> Tensor:
    """Planes (K, P, H, W) through the cosine transform of blocks of 8, its whole multiples of a step, and back."""
    count, num_planes, height, width = planes.shape
    blocks = (planes - 128).view(count, num_planes, height // 8, 8, width // 8, 8).transpose(3, 4)
    cosines = _cosines(planes)
    steps = steps_KQ.view(count, 1, 1, 1, 8, 8)
    whole = (cosines @ blocks @ cosines.T / steps).round() * steps
    restored = (cosines.T @ whole @ cosines).round() + 128
    return restored.clamp(0, 255).transpose(3, 4).reshape(count, num_planes, height, width)


def _cosines(like: Tensor) -> Tensor:
    """The orthonormal cosine transform of eight values, as a matrix (8, 8)."""
    rows = torch.arange(8, device=like.device, dtype=torch.float32)
    angles = torch.outer(rows, 2 * rows + 1) * (math.pi / 16)
    first = torch.where(rows == 0, math.sqrt(1 / 8), 0.5).unsqueeze(1)
    return angles.cos() * first
