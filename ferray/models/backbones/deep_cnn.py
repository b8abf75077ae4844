"""The deep network of Assa's publication on FER-2013."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from ferray import registry
from ferray.models.backbones import Backbone, BackboneFactory, InputSpec

# Pixels / 255 and nothing else, as published.
SPEC = InputSpec(image_size=48, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
STAGES = ((1, 2), (4, 8, 16), (32, 32), (16, 8))  # channels of each block, in multiples of the first one's


def _block(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, kernel_size=3, padding=1),
        nn.ReLU(inplace=True),
        nn.BatchNorm2d(channels_out),
    )


class DeepNet(Backbone):
    """Nine blocks in four stages, of which the first three end by halving the map; the last is averaged."""

    def __init__(self, width: int) -> None:
        super().__init__()
        channels = iter(pairwise([3, *(width * times for stage in STAGES for times in stage)]))
        blocks = [[_block(*next(channels)) for _ in stage] for stage in STAGES]
        halving = [*(nn.MaxPool2d(2) for _ in STAGES[1:]), nn.AdaptiveAvgPool2d(1)]
        self.blocks = nn.Sequential(*(nn.Sequential(*stage, pool) for stage, pool in zip(blocks, halving, strict=True)))
        self.input_spec = SPEC
        self.num_features = width * STAGES[-1][-1]
        self.to(memory_format=torch.channels_last)

    def forward(self, images_NCHW: Tensor) -> Tensor:
        features: Tensor = self.blocks(images_NCHW.to(memory_format=torch.channels_last)).flatten(1)
        return features

    def stages(self) -> list[nn.Module]:
        return list(self.blocks)


class DeepCnn(BackboneFactory):
    """Nine 3x3 convolutions up to 1024 channels and back to 256, for 48-pixel faces; Assa's network for FER-2013.

    With the `linear` head without dropout it is the published network, whose last 1x1 convolution over one place is
    that layer. Readings: three poolings leave 6x6 of 48 pixels, over which an average of 4x4 would see only a corner,
    so the whole map is averaged; poolings take the maximum. Source: Assa, deep CNN on FER-2013 (2021).
    """

    class Params(registry.Params):
        width: Annotated[int, Field(ge=2, le=32)] = 32
        """Channels of the first block, 32 as published; all others are multiples of it."""

    def input_spec(self) -> InputSpec:
        return SPEC

    def build(self) -> Backbone:
        return DeepNet(self.params.width)
