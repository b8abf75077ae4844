"""The published networks that timm gives: each takes its own input, and trains its head alone where a paper does."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from huggingface_hub import constants
from torch import nn

from ferray.errors import ConfigError
from ferray.models.backbones.timm import Timm
from ferray.models.model import FerModel, build_model
from ferray.testing.trials import demo_config

# Pixels a side and features of each network, from its publication.
NETWORKS = {
    "vgg16": (224, 4096),
    "inception_v3": (299, 2048),
    "resnet18": (224, 512),
    "resnet34": (224, 512),
    "resnet50": (224, 2048),
    "efficientnet_b0": (224, 1280),
}
every_network = pytest.mark.parametrize("name", NETWORKS)


def built(name: str, **changes: object) -> FerModel:
    """A network of shapes alone, for seven classes."""
    with torch.device("meta"):
        return build_model(demo_config(backbone={"timm": {"name": name}}, **{"image_size": None, **changes}), 7)


@every_network
def test_it_wants_the_images_it_was_published_with(name: str) -> None:
    assert built(name).input_spec.image_size == NETWORKS[name][0]


@every_network
def test_its_head_sees_the_published_features(name: str) -> None:
    assert built(name).backbone.num_features == NETWORKS[name][1]


@every_network
def test_it_tells_seven_classes_apart_in_such_images(name: str) -> None:
    size = NETWORKS[name][0]
    assert built(name).eval()(torch.zeros(2, 3, size, size, device="meta")).shape == (2, 7)


@every_network
def test_training_the_head_alone_leaves_weights_and_batchnorm_of_the_rest(name: str) -> None:
    model = built(name, finetune="head").train()
    assert not any(parameter.requires_grad for parameter in model.backbone.parameters())
    assert not any(module.training for module in model.backbone.modules() if isinstance(module, nn.BatchNorm2d))
    assert len(model.trainable_parameters()) == 2  # weights and biases of one linear layer


@every_network
def test_pretrained_weights_out_of_reach_are_refused_with_a_way_out(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))  # this machine may have them from another day
    with pytest.raises(
        ConfigError, match=f"weights of `{name}` are neither on this machine.*\nhint: give a local file"
    ):
        Timm(Timm.Params(name=name, pretrained=True)).check()
