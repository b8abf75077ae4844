"""The network of `features_mlp`. N = rows, D = features."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from ferray.models.backbones._backbone import Backbone
from ferray.models.backbones._input_spec import InputSpec

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "selu": nn.SELU}


class FeatureNet(Backbone):
    """Rows (N, D) to (N, width); `resize_input` makes the layers, since D is known only with the data."""

    takes = "features"

    def __init__(self, params: Any, spec: InputSpec) -> None:
        super().__init__()
        self._params = params
        self.blocks = nn.Sequential()
        self.input_spec = spec
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
