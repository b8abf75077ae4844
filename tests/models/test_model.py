from __future__ import annotations

import pytest
import torch
from torch import nn

from ferray.config.trial import BackboneChoice, HeadChoice, TrialConfig
from ferray.errors import ConfigError
from ferray.models.model import FerModel, build_model


def config(**changes: object) -> TrialConfig:
    """A tiny configuration; no data set is needed to build its network."""
    defaults = TrialConfig.model_fields
    fields = {name: field.get_default() for name, field in defaults.items() if name != "dataset"}
    fields["backbone"] = BackboneChoice.model_validate({"tiny_cnn": {"width": 4, "depth": 3}})
    fields["head"] = HeadChoice.model_validate({"linear": {"dropout": 0.0}})
    return TrialConfig.model_construct(**{**fields, **changes})


def images() -> torch.Tensor:
    return torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def train_one_step(model: FerModel) -> None:
    model.train()
    optimizer = torch.optim.SGD(model.trainable_parameters(), lr=0.1)
    model(images()).square().mean().backward()
    optimizer.step()


def changed(model: FerModel, before: dict[str, torch.Tensor]) -> set[str]:
    return {
        name.rsplit(".", 2)[0] for name, value in model.state_dict().items() if not torch.equal(value, before[name])
    }


def snapshot(model: FerModel) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def test_logits_have_one_column_a_class() -> None:
    assert build_model(config(), 7)(images()).shape == (4, 7)


def test_input_spec_is_the_backbones() -> None:
    assert build_model(config(), 7).input_spec.image_size == 48


def test_weights_are_a_function_of_the_seed() -> None:
    first, second = build_model(config(seed=5), 7), build_model(config(seed=5), 7)
    assert torch.equal(first.head[1].weight, second.head[1].weight)


def test_other_seed_gives_other_weights() -> None:
    first, second = build_model(config(seed=5), 7), build_model(config(seed=6), 7)
    assert not torch.equal(first.head[1].weight, second.head[1].weight)


def test_building_leaves_the_global_generator_where_it_is() -> None:
    before = torch.get_rng_state()
    build_model(config(seed=5), 7)
    assert torch.equal(before, torch.get_rng_state())


def test_head_only_training_moves_nothing_of_the_backbone() -> None:
    model = build_model(config(finetune="head"), 7)
    before = snapshot(model)
    train_one_step(model)
    assert changed(model, before) == {"head"}


def test_last_stage_training_moves_that_stage_and_the_head() -> None:
    model = build_model(config(finetune=1), 7)
    before = snapshot(model)
    train_one_step(model)
    assert changed(model, before) == {"backbone.blocks.2", "head"}


def test_full_training_moves_every_stage() -> None:
    model = build_model(config(finetune="all"), 7)
    before = snapshot(model)
    train_one_step(model)
    assert changed(model, before) == {"backbone.blocks.0", "backbone.blocks.1", "backbone.blocks.2", "head"}


def test_frozen_batchnorm_stays_in_eval_mode_through_train() -> None:
    model = build_model(config(finetune="head"), 7).train()
    assert not any(module.training for module in model.backbone.modules() if isinstance(module, nn.BatchNorm2d))


def test_freezing_again_frees_what_was_frozen() -> None:
    model = build_model(config(finetune="head"), 7)
    model.freeze("all")
    assert len(model.trainable_parameters()) == len(list(model.parameters()))


def test_as_many_stages_as_there_are_is_everything() -> None:
    model = build_model(config(finetune=3), 7)
    assert len(model.trainable_parameters()) == len(list(model.parameters()))


def test_more_stages_than_there_are_is_refused_with_their_number() -> None:
    with pytest.raises(ConfigError, match="last `4` stages, the backbone has 3"):
        build_model(config(finetune=4), 7)


def test_network_with_the_frozen_backbone_of_another_trains_its_head_alone() -> None:
    frozen, model = build_model(config(finetune="head"), 7), build_model(config(seed=1), 7)
    model.share(frozen.backbone)
    before = snapshot(model)
    train_one_step(model.train())
    assert changed(model, before) == {"head"}


def test_shared_backbone_stays_in_eval_mode_through_train() -> None:
    frozen, model = build_model(config(finetune="head"), 7), build_model(config(seed=1), 7)
    model.share(frozen.backbone)
    model.eval().train()
    assert model.head.training
    assert not any(module.training for module in model.backbone.modules())
