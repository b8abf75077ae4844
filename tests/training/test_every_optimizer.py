"""What each optimiser that may be named must do: learn, leave alone what has no gradient, go on from a checkpoint."""

from __future__ import annotations

import io

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import Optimizer

from ferray.config.optimizer import OptimizerConfig
from ferray.config.optimizers import OPTIMIZERS
from ferray.training.optimizer import build_optimizer, refuse_other_moments

LEFT_OUT = {"momentum", "nesterov", "nesterovw", "adahessian", "adamwlegacy", "nadamlegacy", "radamlegacy"}
every_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)


def network() -> nn.Sequential:
    """A convolution, its norm and a layer above them, the same each time."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 7))


def optimizer_of(name: str, net: nn.Sequential, *, fused: bool = True) -> Optimizer:
    groups = [{"params": [*net[:2].parameters()], "lr": 0.005, "weight_decay": 0.0}, {"params": [*net[4].parameters()]}]
    return build_optimizer(OptimizerConfig(name=name, lr=0.01, weight_decay=0.01), groups, fused=fused)


def train(net: nn.Sequential, optimizer: Optimizer, steps: int) -> list[float]:
    images = torch.linspace(-1, 1, 8 * 3 * 16).sin().reshape(8, 3, 4, 4)
    losses = []
    for _ in range(steps):
        loss = F.cross_entropy(net(images), torch.arange(8) % 7)
        torch.autograd.backward(loss)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
    return losses


@every_optimizer
def test_it_lowers_the_loss(name: str) -> None:
    net = network()
    losses = train(net, optimizer_of(name, net), 6)
    assert losses[-1] < losses[0]


@every_optimizer
def test_what_is_frozen_does_not_move_and_learns_once_it_is_not(name: str) -> None:
    net = network()
    optimizer, before = optimizer_of(name, net, fused=False), net[0].weight.detach().clone()
    net[0].requires_grad_(False)
    train(net, optimizer, 1)
    assert torch.equal(net[0].weight, before)
    net[0].requires_grad_(True)
    train(net, optimizer, 2)
    assert not torch.equal(net[0].weight, before)


@every_optimizer
def test_it_goes_on_from_a_checkpoint_bit_for_bit(name: str) -> None:
    whole, cut, resumed = network(), network(), network()
    first = optimizer_of(name, cut)
    train(cut, first, 2)
    file = io.BytesIO()
    torch.save([cut.state_dict(), first.state_dict()], file)
    file.seek(0)
    weights, moments = torch.load(file, weights_only=True)
    resumed.load_state_dict(weights)
    second = optimizer_of(name, resumed)
    second.load_state_dict(moments)
    refuse_other_moments(second)
    assert train(resumed, second, 2) == train(whole, optimizer_of(name, whole), 4)[2:]


def test_all_of_timms_list_are_there_but_those_that_are_left_out_on_purpose() -> None:
    from timm.optim import list_optimizers

    with_packages = ("bnb", "fused", "kron")
    assert set(OPTIMIZERS) == {name for name in list_optimizers() if not name.startswith(with_packages)} - LEFT_OUT


def test_factored_moments_are_those_of_rows_and_columns() -> None:
    weight = nn.Parameter(torch.ones(128, 256))
    optimizer = build_optimizer(OptimizerConfig(name="adafactor"), [weight])
    weight.grad = torch.ones(128, 256)
    optimizer.step()
    refuse_other_moments(optimizer)


def test_moments_of_other_weights_are_refused() -> None:
    weight = nn.Parameter(torch.ones(3, 2))
    optimizer = build_optimizer(OptimizerConfig(name="lamb"), [weight])
    optimizer.state[weight]["exp_avg"] = torch.ones(3)
    with pytest.raises(ValueError, match=r"not those of weights \(3, 2\)"):
        refuse_other_moments(optimizer)
