"""The contract of imbalance strategies: one check a promise, each for a strategy that is built already.

Parametrise over `cases(ROOMS["imbalance"])` and call every function of `CHECKS`; see tests/imbalance/test_contract.py.
N = samples, C = classes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from ferray.imbalance import ClassCounts, ImbalanceStrategy
from ferray.registry import Params
from ferray.testing.corners import check_params_survive_json

NUM_CLASSES = 7
PROGRESS = (0.0, 0.5, 0.999)


def labels_with_absent_class() -> NDArray[np.int64]:
    """96 labels of seven classes, imbalanced like film frames; the class 1 does not occur and 6 occurs once."""
    return np.repeat(np.arange(NUM_CLASSES), [30, 0, 10, 25, 20, 10, 1]).astype(np.int64)


def build(strategy: type[ImbalanceStrategy], params: Params) -> ImbalanceStrategy:
    """The strategy over the counts of `labels_with_absent_class`."""
    return strategy(params, ClassCounts.from_labels(labels_with_absent_class(), NUM_CLASSES))


def check_loss_and_gradient_are_finite_on_extreme_logits(strategy: ImbalanceStrategy) -> None:
    """Certainty in the right class, in a wrong one, and none at all: a real training meets all three."""
    for scale in (0.0, 1.0, 1e2, 1e4):
        for target_NC in (_hard_targets(), _hard_targets().roll(1, dims=1), _soft_targets()):
            _assert_finite(strategy, scale * _hard_targets(), target_NC)
            _assert_finite(strategy, -scale * _hard_targets(), target_NC)


def check_loss_is_mean_over_samples(strategy: ImbalanceStrategy) -> None:
    """The loss of a batch is the mean of its samples' losses, so the size of a last batch changes nothing."""
    logits_NC, target_NC = _logits(), _soft_targets()
    for progress in PROGRESS:
        loss = strategy.criterion(progress)
        singles = [loss(logits_NC[i : i + 1], target_NC[i : i + 1]) for i in range(len(logits_NC))]
        torch.testing.assert_close(loss(logits_NC, target_NC), torch.stack(singles).mean())


def check_loss_is_a_scalar_that_learns(strategy: ImbalanceStrategy) -> None:
    """A small step against the gradient lowers the loss."""
    for progress in PROGRESS:
        loss = strategy.criterion(progress)
        logits_NC = _logits().double().requires_grad_()
        before = loss(logits_NC, _hard_targets())
        assert before.shape == ()
        (gradient_NC,) = torch.autograd.grad(before, logits_NC)
        step = 1e-3 * gradient_NC / gradient_NC.norm().clamp(min=1e-12)
        assert loss((logits_NC - step).detach(), _hard_targets()) <= before


def check_criterion_follows_the_dtype_of_its_logits(strategy: ImbalanceStrategy) -> None:
    """bfloat16 agrees with float64 to bfloat16's three digits."""
    for progress in PROGRESS:
        loss = strategy.criterion(progress)
        exact = loss(_logits().double(), _soft_targets().double())
        half = loss(_logits().bfloat16(), _soft_targets().bfloat16())
        assert exact.dtype == torch.float64
        assert abs(half.item() - exact.item()) <= 0.03 * (1 + abs(exact.item()))


def check_absent_class_may_carry_soft_mass(strategy: ImbalanceStrategy) -> None:
    """Votes for a class that no hard label has must not break the loss."""
    target_NC = torch.zeros(2, NUM_CLASSES)
    target_NC[:, 1] = 1.0
    _assert_finite(strategy, torch.zeros(2, NUM_CLASSES), target_NC)


def check_degenerate_counts_are_survived(strategy: ImbalanceStrategy) -> None:
    """One class alone, one sample alone, or none: outlier removal may leave any of them."""
    for counts in ((5, 0, 0, 0, 0, 0, 0), (0, 0, 0, 1, 0, 0, 0), (0,) * NUM_CLASSES):
        bare = type(strategy)(strategy.params, ClassCounts(counts))
        _assert_finite(bare, _logits(), _soft_targets())
        labels = np.repeat(np.arange(NUM_CLASSES), counts).astype(np.int64)
        positions = bare.sampler(labels, np.random.default_rng(0))
        assert positions is None or set(positions.tolist()) <= set(range(len(labels)))


def check_sampler_visits_every_present_class(strategy: ImbalanceStrategy) -> None:
    """Over twenty epochs each class that occurs is seen, through valid int64 positions of a non-empty epoch."""
    labels = labels_with_absent_class()
    generator = np.random.default_rng(0)
    epochs = [strategy.sampler(labels, generator) for _ in range(20)]
    drawn = [positions for positions in epochs if positions is not None]
    assert len(drawn) in (0, 20)
    for positions in drawn:
        assert positions.dtype == np.int64
        assert positions.ndim == 1
        assert 0 <= positions.min() <= positions.max() < len(labels)
    if drawn:
        assert set(labels[np.concatenate(drawn)].tolist()) == set(labels.tolist())


def check_sampler_depends_on_its_generator_alone(strategy: ImbalanceStrategy) -> None:
    """Equal generators draw equal epochs, one generator draws a fresh epoch each time, the global state is not read."""
    labels = labels_with_absent_class()
    first, second = np.random.default_rng(3), np.random.default_rng(3)
    draws = [strategy.sampler(labels, first) for _ in range(2)]
    again = [strategy.sampler(labels, second) for _ in range(2)]
    np.testing.assert_equal(draws, again)
    assert draws[0] is None or draws[0].tolist() != draws[1].tolist()  # type: ignore[union-attr]  # None for both


def check_adjusted_logits_keep_their_form(strategy: ImbalanceStrategy) -> None:
    """Same shape, dtype and finiteness, and each sample is corrected by itself."""
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        logits_NC = _logits().to(dtype)
        adjusted_NC = strategy.adjust_logits(logits_NC)
        assert adjusted_NC.dtype == dtype
        assert adjusted_NC.shape == logits_NC.shape
        assert adjusted_NC.isfinite().all()
        torch.testing.assert_close(strategy.adjust_logits(logits_NC[:1]), adjusted_NC[:1])


def check_only_the_first_batch_brings_numbers_to_the_device(strategy: ImbalanceStrategy) -> None:
    """A tensor that is built or copied in every batch makes the host wait for the device in every batch."""
    logits_NC, target_NC = _logits(), _soft_targets()
    criteria = [strategy.criterion(progress) for progress in PROGRESS]

    def batch() -> None:
        strategy.adjust_logits(logits_NC)
        for criterion in criteria:
            criterion(logits_NC, target_NC)

    batch()
    with _Copies() as copies:
        batch()
    assert not copies.seen


CHECKS: tuple[Callable[[ImbalanceStrategy], None], ...] = (
    check_params_survive_json,
    check_loss_and_gradient_are_finite_on_extreme_logits,
    check_loss_is_mean_over_samples,
    check_loss_is_a_scalar_that_learns,
    check_criterion_follows_the_dtype_of_its_logits,
    check_absent_class_may_carry_soft_mass,
    check_degenerate_counts_are_survived,
    check_sampler_visits_every_present_class,
    check_sampler_depends_on_its_generator_alone,
    check_adjusted_logits_keep_their_form,
    check_only_the_first_batch_brings_numbers_to_the_device,
)


class _Copies(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch does not type its modes
    """Notes every operation that makes a tensor from numbers of Python's or moves one between devices and formats."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seen: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func.overloadpacket.__name__ in ("_to_copy", "lift_fresh", "lift_fresh_copy", "scalar_tensor"):
            self.seen.append(str(func))
        return func(*args, **(kwargs or {}))


def _assert_finite(strategy: ImbalanceStrategy, logits_NC: Tensor, target_NC: Tensor) -> None:
    for progress in PROGRESS:
        leaf_NC = logits_NC.clone().requires_grad_()
        loss = strategy.criterion(progress)(leaf_NC, target_NC)
        (gradient_NC,) = torch.autograd.grad(loss, leaf_NC)
        assert loss.isfinite()
        assert gradient_NC.isfinite().all()


def _logits() -> Tensor:
    """(14, C), the same in every check."""
    return torch.randn(2 * NUM_CLASSES, NUM_CLASSES, generator=torch.Generator().manual_seed(5))


def _hard_targets() -> Tensor:
    return torch.eye(NUM_CLASSES).repeat(2, 1)


def _soft_targets() -> Tensor:
    return 0.7 * _hard_targets() + 0.3 * _hard_targets().roll(2, dims=1)
