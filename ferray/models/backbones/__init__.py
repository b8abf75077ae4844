"""The room of backbones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from torch import Tensor, nn

from ferray.registry import Params


@dataclass(frozen=True)
class InputSpec:
    """What a backbone's weights were trained to see: side in pixels, and channel mean and std of RGB in [0, 1].

    The side is 0 for a backbone over features.
    """

    image_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


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


class BackboneFactory(ABC):
    """Builds a backbone. Creating one is cheap and touches no network; `check` and `build` may be slow."""

    Params: ClassVar[type[Params]]
    takes: ClassVar[Literal["images", "features"]] = "images"  # as its backbone
    late_imports: ClassVar[tuple[str, ...]] = ()  # modules that it imports when it is asked for the first time
    is_large: ClassVar[bool] = False  # whether the check before a sweep should build it without numbers

    def __init__(self, params: Any) -> None:
        self.params = params

    @classmethod
    def taken_for(cls, name: str) -> dict[str, Any] | None:  # noqa: ARG003 (most backbones take none)
        """The parameters that a name means, or one that it is a slip of, which is no backbone's; None for any other."""
        return None

    def check(self) -> None:  # noqa: B027 (most backbones have nothing that could be missing)
        """Raise ConfigError, with the nearest name, when `build` could not work: unknown name, no weights to be had."""

    @abstractmethod
    def input_spec(self) -> InputSpec:
        """What the backbone will want to see, known without building it."""

    @abstractmethod
    def build(self) -> Backbone:
        """A fresh backbone; random weights come from torch's global generator, which the caller has seeded."""
