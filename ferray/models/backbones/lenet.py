"""The small network of Liu's publication on SFEW."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ferray import registry
from ferray.models.backbones import BackboneFactory, InputSpec

if TYPE_CHECKING:
    from ferray.models.backbones import Backbone

SPEC = InputSpec(image_size=48, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


class LeNetFactory(BackboneFactory):
    """LeNet for 48-pixel faces: two 5x5 convolutions and layers of 120 and 84; Liu's network for SFEW.

    With the `linear` head without dropout it is the published network. The publication says neither how wide its
    hidden layers are nor what lies between them: read as LeNet-5's, with ReLU. Source: Liu, small CNN on SFEW (2020).
    """

    class Params(registry.Params):
        """Nothing to choose."""

    def input_spec(self) -> InputSpec:
        return SPEC

    def build(self) -> Backbone:
        from ferray.models.backbones._lenet_net import LeNet

        return LeNet(SPEC)
