"""A training step by torch and timm alone, in every way of running it: what `bench.gpu` measures against."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional as F

NUM_CLASSES = 7
WARM_UP = 3  # steps, in which kernels are chosen
SYNC_EVERY = 8  # steps, so that a clock on the host sees what the device does


@dataclass(frozen=True)
class Shape:
    """What is trained: a network of timm, on images of so many pixels a side, in batches."""

    backbone: str
    image_size: int
    batch_size: int


@dataclass(frozen=True)
class Variant:
    """A way of running a step: its number format, its layout, and whether torch compiles the network."""

    dtype: torch.dtype = torch.float32
    channels_last: bool = False
    compiled: bool = False


VARIANTS = {
    "float32": Variant(),
    "float32, channels last": Variant(channels_last=True),
    "bfloat16": Variant(torch.bfloat16),
    "bfloat16, channels last": Variant(torch.bfloat16, channels_last=True),
    "bfloat16, channels last, compiled": Variant(torch.bfloat16, channels_last=True, compiled=True),
}


class BareStep:
    """Trains on one batch of uint8 noise that lies on the device, again and again: nothing is read, moved or drawn."""

    def __init__(self, shape: Shape, variant: Variant, device: torch.device) -> None:
        started = time.perf_counter()
        self._variant, self._device = variant, device
        self._layout = torch.channels_last if variant.channels_last else torch.contiguous_format
        net: nn.Module = timm.create_model(shape.backbone, num_classes=NUM_CLASSES)
        self._net = net.to(device).to(memory_format=self._layout).train()
        self._forward: Callable[[Tensor], Tensor] = torch.compile(self._net) if variant.compiled else self._net
        self._optimizer = torch.optim.AdamW(self._net.parameters(), 1e-3, fused=True)
        side = shape.image_size
        draw = torch.Generator().manual_seed(0)
        images = torch.randint(0, 256, (shape.batch_size, side, side, 3), dtype=torch.uint8, generator=draw)
        self._images_NHWC = images.to(device)
        self._labels = torch.randint(0, NUM_CLASSES, (shape.batch_size,), generator=draw).to(device)
        self._mean = torch.tensor([0.485, 0.456, 0.406], device=device)
        self._std = torch.tensor([0.229, 0.224, 0.225], device=device)
        self._steps(WARM_UP)
        self.start_s = time.perf_counter() - started  # compilation included, where there is one

    def images_per_s(self, seconds: float) -> float:
        """By the clock, for so long at least."""
        count, started = 0, time.perf_counter()
        while not count or time.perf_counter() - started < seconds:
            self._steps(SYNC_EVERY)
            count += SYNC_EVERY * len(self._labels)
        return count / (time.perf_counter() - started)

    def _steps(self, count: int) -> None:
        for _ in range(count):
            self._step()
        if self._device.type == "cuda":
            torch.cuda.synchronize()

    def _step(self) -> None:
        images = ((self._images_NHWC.float() / 255 - self._mean) / self._std).permute(0, 3, 1, 2)
        images = images.contiguous(memory_format=self._layout)
        is_reduced = self._variant.dtype != torch.float32
        with torch.autocast(self._device.type, dtype=self._variant.dtype, enabled=is_reduced):
            logits_NC: Any = self._forward(images)
        loss = F.cross_entropy(logits_NC.float(), self._labels)
        torch.autograd.backward(loss)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
