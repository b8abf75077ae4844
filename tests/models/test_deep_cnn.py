from __future__ import annotations

import pytest
import torch
from torch import nn

from ferray.models.backbones import Backbone
from ferray.models.backbones.deep_cnn import DeepCnn


def deep_cnn(width: int = 2) -> Backbone:
    return DeepCnn(DeepCnn.Params(width=width)).build()


def without_memory() -> Backbone:
    with torch.device("meta"):
        return deep_cnn(32)


def num_parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_channels_are_the_published_ones() -> None:
    widths = [module.out_channels for module in without_memory().modules() if isinstance(module, nn.Conv2d)]
    assert widths == [32, 64, 128, 256, 512, 1024, 1024, 512, 256]


def test_each_stage_has_the_parameters_of_its_blocks() -> None:
    # A block from a to b: 9ab weights, b biases, 2b of BatchNorm.
    blocks = (
        [(3, 32), (32, 64)],
        [(64, 128), (128, 256), (256, 512)],
        [(512, 1024), (1024, 1024)],
        [(1024, 512), (512, 256)],
    )
    expected = [sum(9 * a * b + 3 * b for a, b in stage) for stage in blocks]
    assert [num_parameters(stage) for stage in without_memory().stages()] == expected


def test_the_published_network_has_21_6_million_parameters() -> None:
    # Summed by hand from the blocks; the 1x1 convolution to 7 classes is the head's 1,799.
    assert num_parameters(without_memory()) == 21_633_024


def test_the_head_sees_256_features() -> None:
    assert without_memory().num_features == 256


def test_activation_comes_before_normalisation() -> None:
    kinds = [type(layer).__name__ for layer in deep_cnn().stages()[0][0]]
    assert kinds == ["Conv2d", "ReLU", "BatchNorm2d"]


def test_48_pixels_leave_six_by_six_to_average() -> None:
    sides: list[int] = []
    backbone = deep_cnn()
    backbone.stages()[3][2].register_forward_hook(lambda _, inputs, __: sides.append(inputs[0].shape[-1]))
    backbone(torch.zeros(2, 3, 48, 48))
    assert sides == [6]


def test_the_whole_last_map_is_averaged() -> None:
    backbone = deep_cnn().eval()
    maps: list[torch.Tensor] = []
    backbone.stages()[3][1].register_forward_hook(lambda _, __, output: maps.append(output))
    features = backbone(torch.rand(1, 3, 48, 48, generator=torch.Generator().manual_seed(0)))
    torch.testing.assert_close(features, maps[0].mean(dim=(2, 3)))


@pytest.mark.parametrize("image_size", [16, 48, 50])
def test_any_size_gives_as_many_features(image_size: int) -> None:
    assert deep_cnn().eval()(torch.zeros(1, 3, image_size, image_size)).shape == (1, 16)


def test_pixels_are_divided_by_255_and_nothing_else() -> None:
    spec = DeepCnn(DeepCnn.Params()).input_spec()
    assert (spec.image_size, spec.mean, spec.std) == (48, (0, 0, 0), (1, 1, 1))
