"""Hidden layers over rows of features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from ferray import registry
from ferray.models.backbones import BackboneFactory, InputSpec

if TYPE_CHECKING:
    from ferray.models.backbones import Backbone

NO_PIXELS = InputSpec(image_size=0, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


class FeaturesMlp(BackboneFactory):
    """Fully connected network over rows of features, such as SFEW's sheet or those of a descriptor."""

    takes: ClassVar[Literal["images", "features"]] = "features"

    class Params(registry.Params):
        layers: Annotated[int, Field(ge=1, le=3)] = 1
        """Hidden layers; one is the simple network over SFEW's sheet."""
        width: Annotated[int, Field(ge=1, le=1024)] = 64
        """Units of each hidden layer."""
        activation: Literal["relu", "tanh", "sigmoid", "selu"] = "relu"
        """After each hidden layer."""
        batch_norm: bool = False
        """BatchNorm before each activation."""
        dropout: Annotated[float, Field(ge=0, le=0.95)] = 0.0
        """Fraction of units set to zero after each activation, in training."""

    def input_spec(self) -> InputSpec:
        return NO_PIXELS

    def build(self) -> Backbone:
        from ferray.models.backbones._feature_net import FeatureNet

        return FeatureNet(self.params, NO_PIXELS)
