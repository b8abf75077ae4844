"""Trials of a process that train heads have one backbone, and each the head that it would have with its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file

from ferray.config.trial import TrialConfig
from ferray.models.model import FerModel, build_model
from ferray.testing.trials import demo_config
from ferray.training.shared_backbone import model_on


def config(**changes: Any) -> TrialConfig:
    return demo_config(**{"finetune": "head", **changes})


def model(trial: TrialConfig, *, shares: bool = True) -> FerModel:
    return model_on(torch.device("cpu"), trial, 7, num_inputs=None, shares=shares)


def test_heads_over_the_same_backbone_share_it() -> None:
    one, other = model(config()), model(config(head={"linear": {"dropout": 0.5}}))
    assert one.backbone is other.backbone


@pytest.mark.parametrize("head", ["linear", {"selu_mlp": {"hidden": 8}}])
def test_head_is_drawn_as_if_the_backbone_were_its_own(head: Any) -> None:
    one = model(config())
    other = model(config(head=head))
    assert other.backbone is one.backbone
    expected = build_model(config(head=head), 7).state_dict()
    assert all(torch.equal(weights, expected[name]) for name, weights in other.state_dict().items())


@pytest.mark.parametrize("changes", [{"seed": 1}, {"finetune": "all"}, {"image_size": 48}, {"ema": True}])
def test_another_backbone_is_ones_own(changes: dict[str, Any]) -> None:
    one, other = model(config()), model(config(**changes))
    assert one.backbone is not other.backbone


def test_trial_that_loads_weights_shares_with_nobody() -> None:
    one, other = model(config()), model(config(), shares=False)
    assert one.backbone is not other.backbone


def test_head_of_a_third_seed_is_drawn_without_its_backbone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "net.safetensors"
    save_file(timm.create_model("mobilenetv3_small_050", num_classes=0).state_dict(), file)
    trials = [
        config(backbone={"timm": {"name": "mobilenetv3_small_050", "weights": str(file)}}, seed=seed)
        for seed in range(3)
    ]
    expected = build_model(trials[2], 7).head.state_dict()
    kept = [model(trial) for trial in trials[:2]]
    monkeypatch.setattr("ferray.models.model.build_backbone", None)
    third = model(trials[2])
    assert third.backbone is kept[0].backbone
    torch.testing.assert_close(third.head.state_dict(), expected, atol=0, rtol=0)
