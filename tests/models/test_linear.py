from __future__ import annotations

from torch import nn

from ferray.models.heads.linear import LinearHead


def test_layers_are_dropout_and_linear() -> None:
    head = LinearHead(LinearHead.Params(dropout=0.3)).build(10, 7)
    assert [type(layer) for layer in head.children()] == [nn.Dropout, nn.Linear]


def test_dropout_is_the_one_asked_for() -> None:
    dropout, _ = LinearHead(LinearHead.Params(dropout=0.3)).build(10, 7).children()
    assert dropout.p == 0.3
