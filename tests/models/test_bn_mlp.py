from __future__ import annotations

from torch import nn

from ferray.models.heads.bn_mlp import BnMlp


def test_layers_are_those_published() -> None:
    head = BnMlp(BnMlp.Params()).build(1280, 7)
    assert [type(layer) for layer in head.children()] == [nn.Linear, nn.Dropout, nn.BatchNorm1d, nn.Linear]
