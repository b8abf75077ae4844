from __future__ import annotations

from torch import nn

from ferray.models.heads.selu_mlp import SeluMlp


def test_layers_are_those_published() -> None:
    head = SeluMlp(SeluMlp.Params()).build(2048, 7)
    assert [type(layer) for layer in head.children()] == [nn.Dropout, nn.Linear, nn.SELU, nn.Dropout, nn.Linear]


def test_dropouts_are_those_published() -> None:
    head = SeluMlp(SeluMlp.Params()).build(2048, 7)
    assert [layer.p for layer in head.children() if isinstance(layer, nn.Dropout)] == [0.6, 0.8]


def test_size_is_that_published() -> None:
    head = SeluMlp(SeluMlp.Params()).build(2048, 7)
    # weights and biases: 2049 rows of 512, 513 rows of 7
    assert sum(parameter.numel() for parameter in head.parameters()) == 1_052_679
