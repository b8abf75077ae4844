"""Hidden layers over rows of features. N = rows, D = features."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from ferray import registry
from ferray.models.backbones import Backbone, BackboneFactory, InputSpec

NO_PIXELS = InputSpec(image_size=0, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "selu": nn.SELU}


class FeatureNet(Backbone):
    """Rows (N, D) to (N, width); `resize_input` makes the layers, since D is known only with the data."""

    takes = "features"

    def __init__(self, params: FeaturesMlp.Params) -> None:
        super().__init__()
        self._params = params
        self.blocks = nn.Sequential()
        self.input_spec = NO_PIXELS
        self.num_features = params.width

    def forward(self, rows_ND: Tensor) -> Tensor:
        assert len(self.blocks), "resize_input says how many features a row has"
        hidden: Tensor = self.blocks(rows_ND)
        return hidden

    def stages(self) -> list[nn.Module]:
        return list(self.blocks)

    def resize_input(self, image_size: int) -> None:
        sizes = [image_size, *[self._params.width] * (self._params.layers - 1)]
        self.blocks = nn.Sequential(*(self._block(size) for size in sizes))

    def _block(self, num_inputs: int) -> nn.Sequential:
        width = self._params.width
        parts: list[nn.Module] = [nn.Linear(num_inputs, width)]
        if self._params.batch_norm:
            parts.append(nn.BatchNorm1d(width))
        parts.append(ACTIVATIONS[self._params.activation]())
        if self._params.dropout:
            parts.append(nn.Dropout(self._params.dropout))
        return nn.Sequential(*parts)


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
        return FeatureNet(self.params)
