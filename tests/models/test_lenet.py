from __future__ import annotations

import pytest
import torch

from ferray.errors import ConfigError
from ferray.models.backbones._lenet_net import num_flat
from ferray.models.backbones.lenet import LeNetFactory
from ferray.models.model import build_model
from ferray.testing.trials import demo_config


def lenet() -> torch.nn.Module:
    return LeNetFactory(LeNetFactory.Params()).build()


def num_parameters(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_48_pixels_flatten_to_the_published_1296() -> None:
    assert num_flat(48) == 1296


def test_each_stage_has_the_parameters_of_its_layer() -> None:
    # 6 of 3x5x5, 16 of 6x5x5, 1296 to 120, 120 to 84, each output with a bias
    expected = [6 * 76, 16 * 151, 1297 * 120, 121 * 84]
    assert [num_parameters(stage) for stage in lenet().stages()] == expected


def test_with_the_linear_head_it_is_the_published_network() -> None:
    model = build_model(demo_config(backbone="lenet", image_size=48), 7)
    # 168,676 and 7 of 84 with a bias
    assert num_parameters(model) == 169_271


@pytest.mark.parametrize("image_size", [16, 47, 48, 50, 64, 224])
def test_features_are_84_at_any_size(image_size: int) -> None:
    backbone = lenet()
    backbone.resize_input(image_size)
    assert backbone(torch.zeros(2, 3, image_size, image_size)).shape == (2, 84)


def test_a_size_with_the_same_maps_keeps_the_weights() -> None:
    backbone = lenet()
    before = backbone.third[1]
    # (51 - 4) // 2 = 23 and (23 - 4) // 2 = 9, as with 48
    backbone.resize_input(51)
    assert backbone.third[1] is before


def test_too_small_images_are_refused() -> None:
    with pytest.raises(ConfigError, match="does not take images of `12` pixels\nhint: ask for at least 16"):
        lenet().resize_input(12)


def test_resized_weights_are_a_function_of_the_seed() -> None:
    config = demo_config(backbone="lenet", image_size=64, seed=5)
    first, second = (build_model(config, 7).backbone.third[1].weight for _ in range(2))
    assert torch.equal(first, second)
