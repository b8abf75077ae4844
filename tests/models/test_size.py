"""How large a network is, without its weights."""

from __future__ import annotations

from typing import Any

import pytest

from ferray.config.trial import TrialConfig
from ferray.models.model import build_model
from ferray.models.size import network_size

SMALL = {"dataset": "demo", "backbone": {"tiny_cnn": {"width": 4, "depth": 3}}, "image_size": 32}


def config(**changes: Any) -> TrialConfig:
    return TrialConfig.model_validate({**SMALL, **changes})


def state_bytes(of: TrialConfig) -> int:
    model = build_model(of, 7)
    return sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())


@pytest.mark.parametrize("head", ["linear", "bn_mlp", {"selu_mlp": {"hidden": 32}}])
def test_weights_are_those_of_the_built_network(head: Any) -> None:
    size = network_size(config(head=head), 7)
    assert size is not None
    assert size.best_checkpoint == state_bytes(config(head=head))


def test_adam_keeps_two_numbers_a_weight_and_sgd_one() -> None:
    adam, sgd = (network_size(config(optimizer={"name": name}), 7) for name in ("adam", "sgd"))
    assert adam is not None
    assert sgd is not None
    assert adam.optimiser == 2 * sgd.optimiser


def test_frozen_weights_have_no_optimiser() -> None:
    whole, head = (network_size(config(finetune=finetune), 7) for finetune in ("all", "head"))
    assert whole is not None
    assert head is not None
    assert (head.weights, head.optimiser < whole.optimiser) == (whole.weights, True)


def test_pretrained_weights_are_not_fetched() -> None:
    timm = {"timm": {"name": "resnet18", "pretrained": True}}
    size = network_size(config(backbone=timm, image_size=64), 7)
    assert size is not None
    assert 40 * 2**20 < size.weights < 50 * 2**20  # 11.2 million weights of four bytes


def test_a_network_that_cannot_be_built_has_no_size() -> None:
    assert network_size(config(finetune=9), 7) is None
