"""The network of `lenet`."""

from __future__ import annotations

from torch import Tensor, nn

from ferray.errors import ConfigError
from ferray.models.backbones._backbone import Backbone
from ferray.models.backbones._input_spec import InputSpec

MAPS = 16
LEAST_SIZE = 16


class LeNet(Backbone):
    """Two convolutions, each with ReLU and max pooling, and two hidden layers; its input has one size."""

    def __init__(self, spec: InputSpec) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 6, kernel_size=5), nn.ReLU(inplace=True), nn.MaxPool2d(2))
        self.second = nn.Sequential(nn.Conv2d(6, MAPS, kernel_size=5), nn.ReLU(inplace=True), nn.MaxPool2d(2))
        self.third = nn.Sequential(nn.Flatten(), nn.Linear(num_flat(spec.image_size), 120), nn.ReLU(inplace=True))
        self.fourth = nn.Sequential(nn.Linear(120, 84), nn.ReLU(inplace=True))
        self.input_spec = spec
        self.num_features = 84

    def forward(self, images_NCHW: Tensor) -> Tensor:
        features: Tensor = self.fourth(self.third(self.second(self.first(images_NCHW))))
        return features

    def stages(self) -> list[nn.Module]:
        return [self.first, self.second, self.third, self.fourth]

    def resize_input(self, image_size: int) -> None:
        """Replace the layer over the flattened maps by a fresh one of the right width, where it has another."""
        if image_size < LEAST_SIZE:
            raise ConfigError(
                f"the backbone does not take images of `{image_size}` pixels", f"ask for at least {LEAST_SIZE}"
            )
        former = self.third[1]
        assert isinstance(former, nn.Linear)
        if former.in_features != num_flat(image_size):
            self.third[1] = nn.Linear(num_flat(image_size), former.out_features, device=former.weight.device)


def num_flat(image_size: int) -> int:
    """Values after both convolutions: without padding each takes 4 pixels off the side, and pooling halves it."""
    side = ((image_size - 4) // 2 - 4) // 2
    return MAPS * side * side
