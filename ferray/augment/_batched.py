"""Augmentation as torch operations over a batch, on whichever device it is; none of them waits for the device.

A `Step` changes some images of a batch by numbers that were drawn on the host. Acts take images as floats (K, 3, H, W)
whose values are whole, 0 to 255, and give back such. They compute what `ferray.augment._transforms` computes, to within
rounding. N = images, K = images that are changed, C = channels (three), H and W = pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

Act = Callable[..., Tensor]


@dataclass(frozen=True)
class Step:
    """`act` on the images `chosen` (K,) of a batch, with the numbers of each, tensors whose first axis is K."""

    act: Act
    chosen: Tensor
    numbers: tuple[Tensor, ...] = ()

    def each(self, change: Callable[[Tensor], Tensor]) -> Step:
        """The same over tensors that were changed: pinned, or copied to a device."""
        return Step(self.act, change(self.chosen), tuple(map(change, self.numbers)))


def step(act: Act, chosen: Sequence[int], *numbers: Any) -> Step:
    """A step in host memory, over numbers as arrays make them: whole ones as int64, all others as float32."""
    return Step(act, torch.tensor(chosen, dtype=torch.int64), tuple(map(_tensor, numbers)))


def run(steps: Sequence[Step], images_NHWC: Tensor) -> Tensor:
    """The batch, uint8 (N, H, W, C), with each step done in its turn; the one handed in is not written to."""
    if not steps:
        return images_NHWC
    images_NCHW = images_NHWC.permute(0, 3, 1, 2).contiguous().to(torch.float32)
    for each in steps:
        changed = each.act(images_NCHW.index_select(0, each.chosen), *each.numbers)
        images_NCHW.index_copy_(0, each.chosen, changed)
    return images_NCHW.to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def mirror(images: Tensor) -> Tensor:
    return images.flip(3)


def levels(images: Tensor, numbers_K2: Tensor) -> Tensor:
    """Values times a factor, plus an offset."""
    factor, offset = _columns(numbers_K2)
    return (images * factor + offset).clamp_(0, 255).floor_()


def warp_reflecting(images: Tensor, matrices_K23: Tensor) -> Tensor:
    """Each pixel from where its matrix says; beyond the border the image is mirrored, its last row not twice."""
    return sampled(images, sources(images, matrices_K23), "reflection").round_()


def warp_repeating(images: Tensor, matrices_K23: Tensor) -> Tensor:
    """Each pixel from where its matrix says; beyond the border its last row and column go on."""
    return sampled(images, sources(images, matrices_K23), "border").round_()


def sources(images: Tensor, matrices_K23: Tensor) -> Tensor:
    """Where in the image (K, H, W, 2), as column and row, each pixel comes from."""
    height, width = images.shape[2:]
    columns_W = torch.arange(width, device=images.device, dtype=images.dtype)
    rows_H1 = torch.arange(height, device=images.device, dtype=images.dtype).unsqueeze(1)
    by_column, by_row, shift = (matrices_K23[:, :, index, None, None] for index in range(3))
    return (by_column * columns_W + by_row * rows_H1 + shift).permute(0, 2, 3, 1)


def sampled(images: Tensor, sources_KHW2: Tensor, beyond: str) -> Tensor:
    """The image between its pixels, bilinearly; `beyond` its borders as `grid_sample` has it."""
    height, width = images.shape[2:]
    onto_KHW2 = (
        torch.stack((sources_KHW2[..., 0] * (2 / (width - 1)), sources_KHW2[..., 1] * (2 / (height - 1))), 3) - 1
    )
    return F.grid_sample(images, onto_KHW2, mode="bilinear", padding_mode=beyond, align_corners=True)


def hue_saturation(images: Tensor, numbers_K3: Tensor) -> Tensor:
    """Steps of hue (180 a turn), of saturation and of value; grey stays grey."""
    by_hue, by_saturation, by_value = (column.squeeze(1) for column in _columns(numbers_K3))
    red, green, blue = images.unbind(1)
    value, least = images.amax(1), images.amin(1)
    spread = value - least
    sixth = torch.where(
        value == red,
        green - blue,
        torch.where(value == green, blue - red + 2 * spread, red - green + 4 * spread),
    )
    hue = (sixth * 30 / spread.clamp(min=1) + 0.5).floor().remainder(180)
    saturation = (spread * 255 / value.clamp(min=1) + 0.5).floor()
    hue = (hue + by_hue).remainder(180).floor()
    saturation = torch.where(saturation > 0, (saturation + by_saturation).clamp(0, 255), 0)
    return _of_hsv(hue, saturation, (value + by_value).clamp(0, 255))


def noise_step(chosen: Sequence[int], deviations: Sequence[float], *, seed: int) -> Step:
    """Noise that is the same in all channels, of one deviation an image, drawn on the device."""
    return step(partial(_noisy, seed=seed), chosen, deviations)


def blackened(images: Tensor, boxes_K4: Tensor) -> Tensor:
    """Black in a box: rows and columns, from and up to."""
    return images.masked_fill(inside(images, boxes_K4), 0)


def noise_box_step(chosen: Sequence[int], boxes: Sequence[Sequence[int]], *, seed: int) -> Step:
    """A random level for each pixel and channel in a box, drawn on the device."""
    return step(partial(_noisy_within, seed=seed), chosen, boxes)


def inside(images: Tensor, boxes_K4: Tensor) -> Tensor:
    """Which pixels (K, 1, H, W) lie in each image's box."""
    top, below, left, right = (boxes_K4[:, index, None] for index in range(4))
    rows_H, columns_W = (torch.arange(side, device=images.device) for side in images.shape[2:])
    in_rows_KH, in_columns_KW = (rows_H >= top) & (rows_H < below), (columns_W >= left) & (columns_W < right)
    return (in_rows_KH[:, :, None] & in_columns_KW[:, None, :]).unsqueeze(1)


def _noisy(images: Tensor, deviations_K: Tensor, *, seed: int) -> Tensor:
    generator = torch.Generator(images.device).manual_seed(seed)
    shape = (len(images), 1, *images.shape[2:])
    noise_K1HW = torch.randn(shape, generator=generator, device=images.device, dtype=images.dtype)
    return (images + (noise_K1HW * (255 * deviations_K.view(-1, 1, 1, 1))).trunc_()).clamp_(0, 255)


def _noisy_within(images: Tensor, boxes_K4: Tensor, *, seed: int) -> Tensor:
    generator = torch.Generator(images.device).manual_seed(seed)
    noise = torch.randint(0, 256, images.shape, generator=generator, device=images.device, dtype=images.dtype)
    return torch.where(inside(images, boxes_K4), noise, images)


def _of_hsv(hue_KHW: Tensor, saturation_KHW: Tensor, value_KHW: Tensor) -> Tensor:
    """Each channel falls from `value` by its distance from where on the circle of hues it is full."""
    fall_KHW = value_KHW * saturation_KHW / 255
    channels = []
    for place in (5, 3, 1):
        distance = (hue_KHW / 30 + place).remainder(6)
        channels.append(value_KHW - fall_KHW * torch.minimum(distance, 4 - distance).clamp(0, 1))
    return torch.stack(channels, 1).round_()


def _columns(numbers: Tensor) -> tuple[Tensor, ...]:
    """The numbers (K, n) as n tensors (K, 1, 1, 1)."""
    return tuple(column.view(-1, 1, 1, 1) for column in numbers.unbind(1))


def _tensor(numbers: Any) -> Tensor:
    array = np.asarray(numbers)
    return torch.from_numpy(array.astype(np.int64 if array.dtype.kind in "iu" else np.float32))
