"""A small convolutional network for small faces, quick on one CPU core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ferray import registry
from ferray.models.backbones import BackboneFactory, InputSpec

if TYPE_CHECKING:
    from ferray.models.backbones import Backbone

SPEC = InputSpec(image_size=48, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


class TinyCnn(BackboneFactory):
    """Small convolutional network for faces of 48 to 64 pixels, random weights, quick on one CPU core."""

    class Params(registry.Params):
        width: Annotated[int, Field(ge=4, le=64)] = 16
        """Channels after the first stage; each further stage doubles them."""
        depth: Annotated[int, Field(ge=2, le=5)] = 4
        """Stages, each of which halves the side."""

    def input_spec(self) -> InputSpec:
        return SPEC

    def build(self) -> Backbone:
        from ferray.models.backbones._tiny_net import TinyNet

        return TinyNet(self.params.width, self.params.depth, SPEC)
