"""`Backbone`: what a backbone of the room builds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

from torch import Tensor, nn

from ferray.models.backbones._input_spec import InputSpec


class Backbone(nn.Module, ABC):
    """Images to pooled features.

    `forward` takes (N, 3, H, W) float, normalised by `input_spec`, and returns (N, num_features). A backbone that takes
    features is given rows (N, D) float in place of images.
    """

    takes: ClassVar[Literal["images", "features"]] = "images"
    classifier: tuple[str, ...] = ()  # the layers that weights of the whole network have beside the backbone's
    input_spec: InputSpec
    num_features: int

    @abstractmethod
    def forward(self, images_NCHW: Tensor) -> Tensor: ...

    @abstractmethod
    def stages(self) -> list[nn.Module]:
        """The parts from input to output, each trainable or frozen as one; together they hold every parameter."""

    def layers(self) -> dict[str, int]:
        """The layer of each parameter by its name, counted from the input, for rates that fall layer by layer.

        A layer is a stage, unless the network knows finer ones.
        """
        layer_of = {id(part): layer for layer, stage in enumerate(self.stages()) for part in stage.parameters()}
        return {name: layer_of[id(parameter)] for name, parameter in self.named_parameters()}

    def undecayed(self) -> set[str]:
        """Patterns of the names of parameters that are no matrix though they look like one, such as positions."""
        return set()

    def resize_input(self, image_size: int) -> None:
        """Get ready for square images of this side; a network that takes any size has nothing to do.

        A backbone over features is told the number of features in a row, always and before anything else; its random
        weights come from torch's global generator. Raises ConfigError where the network cannot take such images.
        """
