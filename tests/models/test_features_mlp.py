from __future__ import annotations

import torch
from torch import nn

from ferray.models.backbones import Backbone
from ferray.models.backbones.features_mlp import FeaturesMlp


def built(**params: object) -> Backbone:
    backbone = FeaturesMlp(FeaturesMlp.Params.model_validate(params)).build()
    backbone.resize_input(10)
    return backbone


def kinds(backbone: Backbone) -> list[str]:
    return [type(part).__name__ for stage in backbone.stages() for part in stage.children()]


def test_by_default_it_is_one_hidden_layer() -> None:
    assert kinds(built()) == ["Linear", "ReLU"]


def test_every_hidden_layer_has_batch_norm_and_dropout_where_asked_for() -> None:
    layer = ["Linear", "BatchNorm1d", "Tanh", "Dropout"]
    assert kinds(built(layers=2, activation="tanh", batch_norm=True, dropout=0.5)) == layer * 2


def test_layers_go_from_the_features_to_the_width() -> None:
    linear = [part for part in built(layers=3, width=8).modules() if isinstance(part, nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in linear] == [(10, 8), (8, 8), (8, 8)]


def test_a_row_gives_what_its_layer_computes() -> None:
    backbone = built(width=4)
    (linear,) = [part for part in backbone.modules() if isinstance(part, nn.Linear)]
    row = torch.arange(10.0)
    expected = (linear.weight @ row + linear.bias).clamp(min=0)
    assert torch.allclose(backbone(row[None])[0], expected)
