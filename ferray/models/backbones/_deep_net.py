"""The network of `deep_cnn`."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from ferray.models.backbones._backbone import Backbone
from ferray.models.backbones._input_spec import InputSpec

STAGES = ((1, 2), (4, 8, 16), (32, 32), (16, 8))  # channels of each block, in multiples of the first one's


def _block(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, kernel_size=3, padding=1),
        nn.ReLU(inplace=True),
        nn.BatchNorm2d(channels_out),
    )


class DeepNet(Backbone):
    """Nine blocks in four stages, of which the first three end by halving the map; the last is averaged."""

    def __init__(self, width: int, spec: InputSpec) -> None:
        super().__init__()
        channels = iter(pairwise([3, *(width * times for stage in STAGES for times in stage)]))
        blocks = [[_block(*next(channels)) for _ in stage] for stage in STAGES]
        halving = [*(nn.MaxPool2d(2) for _ in STAGES[1:]), nn.AdaptiveAvgPool2d(1)]
        self.blocks = nn.Sequential(*(nn.Sequential(*stage, pool) for stage, pool in zip(blocks, halving, strict=True)))
        self.input_spec = spec
        self.num_features = width * STAGES[-1][-1]
        self.to(memory_format=torch.channels_last)

    def forward(self, images_NCHW: Tensor) -> Tensor:
        features: Tensor = self.blocks(images_NCHW.to(memory_format=torch.channels_last)).flatten(1)
        return features

    def stages(self) -> list[nn.Module]:
        return list(self.blocks)
