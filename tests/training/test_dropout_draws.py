"""Masks of several heads are those that torch's dropout draws for each."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from ferray.training import dropout_draws
from ferray.training.dropout_draws import DropoutDraws

RATE, COUNT = 0.3, 257


@pytest.fixture(params=[True, False], ids=["by words", "by torch"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As this machine draws, and as one does whose Bernoulli numbers are made otherwise."""
    if not request.param:
        monkeypatch.setattr(dropout_draws, "_draws_by_words", lambda: False)


def of_torch(seed: int) -> tuple[Tensor, Tensor]:
    """What two layers of dropout one after another multiply by."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return F.dropout(torch.ones(COUNT), RATE), F.dropout(torch.ones(COUNT), RATE)


def generators(*seeds: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in seeds]


@pytest.mark.usefixtures("way")
def test_noise_is_what_dropout_multiplies_by() -> None:
    draws = DropoutDraws(generators(1, 2), ["one", "other"])
    drawn = [draws.noise(head, COUNT, RATE).clone() for head in (0, 1)]
    assert [noise.tolist() for noise in drawn] == [of_torch(seed)[0].tolist() for seed in (1, 2)]


@pytest.mark.usefixtures("way")
def test_heads_of_one_stream_draw_it_layer_by_layer() -> None:
    draws = DropoutDraws(generators(1, 1), ["same", "same"])
    drawn = []
    for _ in range(2):
        draws.begin_layer()
        drawn += [draws.noise(head, COUNT, RATE).tolist() for head in (0, 1)]
    first, second = (noise.tolist() for noise in of_torch(1))
    assert drawn == [first, first, second, second]


@pytest.mark.usefixtures("way")
def test_generator_of_a_head_that_was_passed_over_stands_as_if_it_had_drawn() -> None:
    draws = DropoutDraws(generators(1, 1), ["same", "same"])
    draws.begin_layer()
    draws.noise(0, COUNT, RATE)
    draws.pass_over([1], COUNT, RATE)
    one, other = draws.end()
    assert torch.equal(one.get_state(), other.get_state())
