"""Masks of several heads are those that torch's dropout draws for each."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ferray.training import dropout_draws
from ferray.training.dropout_draws import DropoutDraws, through_head

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


HEADS: dict[str, Callable[[], nn.Module]] = {
    "linear": lambda: nn.Sequential(nn.Dropout(RATE), nn.Linear(5, 3)),
    "hidden layer": lambda: nn.Sequential(
        nn.Dropout(RATE), nn.Linear(5, 4), nn.SELU(), nn.Dropout(0.5), nn.Linear(4, 3)
    ),
    "dropout within": lambda: nn.Sequential(nn.Linear(5, 4), nn.Dropout(RATE), nn.Linear(4, 3)),
    "all dropped": lambda: nn.Sequential(nn.Dropout(1.0), nn.Linear(5, 3)),
    "no dropout": lambda: nn.Sequential(nn.Dropout(0.0), nn.Linear(5, 3)),
    "of another kind": lambda: nn.Linear(5, 3),
}


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("is_training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("kind", HEADS)
def test_head_answers_and_leaves_the_generator_as_torch_has_it(kind: str, is_training: bool) -> None:
    head = HEADS[kind]().train(is_training)
    inputs = torch.randn(64, 5, generator=torch.Generator().manual_seed(0))
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(1)
        torchs = [head(inputs), head(inputs), torch.default_generator.get_state()]
        torch.default_generator.manual_seed(1)
        draws = DropoutDraws.of_torch()
        ours = [*(through_head(head, inputs, draws) for _ in range(2)), torch.default_generator.get_state()]
    assert all(map(torch.equal, ours, torchs))


@pytest.mark.usefixtures("way")
def test_slopes_of_a_head_are_those_of_torch() -> None:
    head, inputs = HEADS["hidden layer"](), torch.randn(64, 5, generator=torch.Generator().manual_seed(0))
    slopes = []
    with torch.random.fork_rng(devices=[]):
        for answer in (lambda: head(inputs), lambda: through_head(head, inputs, DropoutDraws.of_torch())):
            torch.default_generator.manual_seed(1)
            slopes.append(torch.autograd.grad(answer().square().sum(), list(head.parameters())))
    assert all(map(torch.equal, *slopes))
