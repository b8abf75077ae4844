"""The deep network of Assa's publication on FER-2013."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ferray import registry
from ferray.models.backbones import BackboneFactory, InputSpec

if TYPE_CHECKING:
    from ferray.models.backbones import Backbone

# Pixels / 255 and nothing else, as published.
SPEC = InputSpec(image_size=48, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


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
        from ferray.models.backbones._deep_net import DeepNet

        return DeepNet(self.params.width, SPEC)
