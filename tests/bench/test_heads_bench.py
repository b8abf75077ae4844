from __future__ import annotations

import math

import pytest

from bench.heads import difference
from ferray.events import EpochReport


def report(**metrics: float) -> EpochReport:
    return EpochReport(1, 1, metrics, ((1,),), ("Happy",), num_train=1)


def test_difference_is_the_largest_of_any_metric_but_the_clock() -> None:
    fused = {3: [report(loss=1.0, seconds=9.0), report(loss=2.5, seconds=9.0)], 4: [report(loss=0.0)]}
    assert difference(fused, {3: [report(loss=1.0, seconds=1.0), report(loss=2.25, seconds=1.0)]}) == 0.25


def test_metrics_that_only_one_has_are_no_equal_ones() -> None:
    with pytest.raises(KeyError):
        difference({0: [report(loss=1.0)]}, {0: [report(uar=math.nan)]})
