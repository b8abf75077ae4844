from __future__ import annotations

from typing import Any

import pytest

from ferray.config.optimizer import OptimizerConfig
from ferray.models.model import FerModel, build_model
from ferray.testing.trials import demo_config
from ferray.training.parameter_groups import parameter_groups


def model_of(backbone: Any, **changes: Any) -> FerModel:
    return build_model(demo_config(backbone=backbone, **changes), 7)


@pytest.fixture(scope="module")
def tiny() -> FerModel:
    """Two stages and a linear head."""
    return model_of({"tiny_cnn": {"width": 4, "depth": 2}})


def rates(config: OptimizerConfig, model: FerModel) -> dict[str, float]:
    """The rate of each parameter by name."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    return {names[id(one)]: group["lr"] for group in parameter_groups(config, model) for one in group["params"]}


def decays(config: OptimizerConfig, model: FerModel) -> dict[str, float]:
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = parameter_groups(config, model)
    return {names[id(one)]: group["weight_decay"] for group in groups for one in group["params"]}


def test_where_all_are_alike_there_are_no_groups(tiny: FerModel) -> None:
    assert parameter_groups(OptimizerConfig(), tiny) == tiny.trainable_parameters()


def test_head_has_its_own_rate(tiny: FerModel) -> None:
    found = rates(OptimizerConfig(lr=0.1, head_lr_factor=10), tiny)
    assert {name: rate for name, rate in found.items() if rate == pytest.approx(1.0)}.keys() == {
        name for name in found if name.startswith("head.")
    }
    assert found["backbone.blocks.0.0.weight"] == pytest.approx(0.1)


def test_rates_fall_from_the_head_to_the_first_layer(tiny: FerModel) -> None:
    found = rates(OptimizerConfig(lr=1.0, layer_decay=0.5), tiny)
    head, last, first = (
        next(rate for name, rate in found.items() if part in name) for part in ("head", "s.1.", "s.0.")
    )
    assert (head, last, first) == (1.0, 0.5, 0.25)


def test_layers_of_a_timm_network_are_timms_own() -> None:
    model = model_of({"timm": {"name": "resnet18"}})
    found = rates(OptimizerConfig(lr=1.0, layer_decay=0.5), model)
    # The stem and eight blocks: the first block of the last stage has one block and the head above it.
    assert found["backbone.net.layer4.1.conv1.weight"] == 0.5
    assert found["backbone.net.layer4.0.conv1.weight"] == 0.25
    assert found["backbone.net.conv1.weight"] == 0.5**9


def test_only_matrices_decay_where_that_is_asked(tiny: FerModel) -> None:
    found = decays(OptimizerConfig(weight_decay=0.3, decay="matrices"), tiny)
    dims = {name: parameter.ndim for name, parameter in tiny.named_parameters()}
    assert found == {name: 0.3 if dims[name] > 1 else 0.0 for name in dims}


def test_embeddings_of_positions_do_not_decay_as_matrices() -> None:
    model = model_of({"timm": {"name": "vit_tiny_patch16_224"}})
    found = decays(OptimizerConfig(weight_decay=0.3, decay="matrices"), model)
    assert (found["backbone.net.pos_embed"], found["backbone.net.blocks.0.attn.qkv.weight"]) == (0.0, 0.3)


def test_frozen_parameters_are_in_no_group() -> None:
    model = model_of({"tiny_cnn": {"width": 4, "depth": 2}}, finetune="head")
    assert all(name.startswith("head.") for name in rates(OptimizerConfig(layer_decay=0.5), model))


def test_muon_leaves_the_head_to_adamw(tiny: FerModel) -> None:
    groups = parameter_groups(OptimizerConfig(name="muon"), tiny)
    by_adamw = {id(one) for group in groups if group.get("use_fallback") for one in group["params"]}
    assert by_adamw == {id(parameter) for parameter in tiny.head.parameters()}
