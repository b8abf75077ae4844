"""From the third trial of a process on a backbone that is the same is copied, and is what it would be if built."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from ferray.config.trial import TrialConfig
from ferray.models.model import FerModel, build_model
from ferray.testing.trials import demo_config
from ferray.training import kept_backbone
from ferray.training.kept_backbone import build_or_copy


def third(config: TrialConfig, key: str) -> FerModel:
    """The network of the third trial of this process that begins so."""
    for _ in range(2):
        build_or_copy(key, config, 7, num_inputs=None)
    return build_or_copy(key, config, 7, num_inputs=None)


def described(model: FerModel) -> list[tuple[str, bool]]:
    return [(name, module.training) for name, module in model.named_modules()]


def assert_same(found: FerModel, expected: FerModel) -> None:
    torch.testing.assert_close(found.state_dict(), expected.state_dict(), atol=0, rtol=0)
    assert described(found) == described(expected)
    wanted = [(name, parameter.requires_grad) for name, parameter in expected.named_parameters()]
    assert [(name, parameter.requires_grad) for name, parameter in found.named_parameters()] == wanted


@pytest.mark.parametrize("finetune", ["all", "head", 1])
@pytest.mark.parametrize("backbone", ["tiny_cnn", {"timm": {"name": "mobilenetv3_small_050"}}])
def test_a_copied_network_is_the_one_that_would_be_built(backbone: Any, finetune: Any) -> None:
    config = demo_config(backbone=backbone, finetune=finetune)
    assert_same(third(config, f"same {backbone} {finetune}"), build_model(config, 7))


def test_the_third_trial_builds_no_backbone(monkeypatch: pytest.MonkeyPatch) -> None:
    config = demo_config()
    for _ in range(2):
        build_or_copy("third", config, 7, num_inputs=None)
    monkeypatch.setattr("ferray.models.model.build_backbone", None)
    assert_same(build_or_copy("third", config, 7, num_inputs=None), build_or_copy("third", config, 7, num_inputs=None))


def test_what_a_trial_does_to_its_network_no_other_has() -> None:
    config = demo_config()
    changed = third(config, "changed")
    with torch.no_grad():
        for parameter in changed.parameters():
            parameter.add_(1)
    assert_same(build_or_copy("changed", config, 7, num_inputs=None), build_model(config, 7))


def test_what_the_second_trial_does_to_its_network_no_other_has() -> None:
    config = demo_config()
    build_or_copy("second", config, 7, num_inputs=None)
    second = build_or_copy("second", config, 7, num_inputs=None)
    with torch.no_grad():
        for parameter in second.parameters():
            parameter.add_(1)
    assert_same(build_or_copy("second", config, 7, num_inputs=None), build_model(config, 7))


def test_another_seed_has_its_own_weights() -> None:
    third(demo_config(), "seed")
    other = demo_config(seed=1)
    assert_same(build_or_copy("seed", other, 7, num_inputs=None), build_model(other, 7))


def test_another_head_is_drawn_as_over_a_backbone_of_its_own() -> None:
    third(demo_config(), "head")
    other = demo_config(head={"selu_mlp": {"hidden": 8}})
    assert_same(build_or_copy("head", other, 7, num_inputs=None), build_model(other, 7))


def test_torchs_generator_stands_where_it_stood() -> None:
    before = torch.get_rng_state()
    third(demo_config(), "generator")
    assert torch.equal(torch.get_rng_state(), before)


def test_what_is_kept_is_no_more_than_so_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    one = kept_backbone.num_bytes(build_model(demo_config(), 7).backbone)
    monkeypatch.setattr(kept_backbone, "MOST_BYTES", one)
    third(demo_config(), "first of two")
    third(demo_config(), "second of two")
    monkeypatch.setattr("ferray.models.model.build_backbone", None)
    build_or_copy("second of two", demo_config(), 7, num_inputs=None)
    with pytest.raises(TypeError):
        build_or_copy("first of two", demo_config(), 7, num_inputs=None)
