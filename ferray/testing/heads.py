"""The contract of heads: one check a promise, each for a factory with its parameters.

Parametrise over `cases(ROOMS["head"])` and call every function of `CHECKS`, as
tests/models/test_heads_contract.py does.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ferray.models.heads import HeadFactory
from ferray.testing.corners import check_params_survive_json

NUM_FEATURES = 48
NUM_CLASSES = 7


def build(factory: HeadFactory) -> nn.Module:
    """The head for 48 features and seven classes, in training mode, from a fixed seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return factory.build(NUM_FEATURES, NUM_CLASSES)


def features(count: int = 2) -> Tensor:
    """Noise (count, 48), positive as pooled features after ReLU are."""
    return torch.rand(count, NUM_FEATURES, generator=torch.Generator().manual_seed(0))


def check_logits_have_one_column_a_class(factory: HeadFactory) -> None:
    """The smallest batch that training meets has two samples."""
    assert build(factory)(features()).shape == (2, NUM_CLASSES)


def check_each_parameter_gets_a_finite_gradient(factory: HeadFactory) -> None:
    """Nothing is built that training would not reach."""
    head = build(factory)
    head(features(16)).square().mean().backward()
    gradients = [parameter.grad for parameter in head.parameters()]
    assert all(gradient is not None and gradient.isfinite().all() for gradient in gradients)


def check_eval_mode_draws_nothing(factory: HeadFactory) -> None:
    """Dropout belongs to training: in eval mode the same features give the same logits, alone as in company."""
    head = build(factory).eval()
    torch.testing.assert_close(head(features())[:1], head(features()[:1]), rtol=1e-4, atol=1e-5)


def check_same_seed_gives_same_weights(factory: HeadFactory) -> None:
    """Random weights come from torch's generator alone."""
    first, second = build(factory).state_dict(), build(factory).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


CHECKS: tuple[Callable[[HeadFactory], None], ...] = (
    check_params_survive_json,
    check_logits_have_one_column_a_class,
    check_each_parameter_gets_a_finite_gradient,
    check_eval_mode_draws_nothing,
    check_same_seed_gives_same_weights,
)
