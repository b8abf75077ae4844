from __future__ import annotations

import math

import pytest

from bench.heads import Apart, apart
from ferray.events import EpochReport


def report(
    confusion: tuple[tuple[int, ...], ...] = ((1, 0), (0, 1)), *, loss: float = 1.0, **others: float
) -> EpochReport:
    return EpochReport(1, 1, {"val/loss": loss, **others}, confusion, ("Happy", "Sad"), num_train=1)


def test_difference_is_the_largest_of_any_metric_but_the_clock() -> None:
    fused = {3: [report(seconds=9.0, uar=2.5)], 4: [report(uar=0.0)]}
    assert apart(fused, {3: [report(seconds=1.0, uar=2.25)]}) == [Apart(0.0, 0.25, 0)]


def test_difference_of_losses_is_told_by_itself() -> None:
    fused, alone = {0: [report(loss=1.5, uar=1.0)]}, {0: [report(loss=1.0, uar=2.0)]}
    assert apart(fused, alone) == [Apart(0.5, 1.0, 0)]


def test_image_that_is_judged_otherwise_is_counted_once() -> None:
    fused, alone = {0: [report(((3, 1), (0, 2)))]}, {0: [report(((4, 0), (0, 2)))]}
    assert [epoch.images for epoch in apart(fused, alone)] == [1]


def test_metrics_that_only_one_has_are_no_equal_ones() -> None:
    with pytest.raises(KeyError):
        apart({0: [report(uar=math.nan)]}, {0: [report()]})
