from __future__ import annotations

import math
from dataclasses import replace

from ferray.events import EpochReport
from ferray.results.curves import curve, loss_variance, metric_value
from ferray.testing.fake_sweep import TRIALS

FIRST, BEST = TRIALS[0].reports, TRIALS[4].reports  # val/uar 0.25 0.4 0.5 and 0.6 0.75
UAR = metric_value("val/uar")


def test_a_curve_is_mean_and_range() -> None:
    found = curve([FIRST, BEST], UAR)
    assert (found.epochs, found.low, found.high) == ((1, 2, 3), (0.25, 0.4, 0.5), (0.6, 0.75, 0.5))
    assert [round(value, 9) for value in found.mean] == [0.425, 0.575, 0.5]


def test_folds_lie_over_each_other() -> None:
    # Two folds of two epochs each: epochs 3 and 4 are the second fold's first and second.
    report = FIRST[0]
    history = [replace(report, epoch=epoch, epochs=4, folds=2, fold=(epoch - 1) // 2) for epoch in (1, 2, 3, 4)]
    found = curve([history], UAR)
    assert (found.epochs, found.num_runs) == ((1, 2), 2)


def test_what_is_not_finite_has_no_say() -> None:
    broken = replace(FIRST[0], metrics={"val/uar": math.nan})
    assert curve([[broken], [FIRST[0]]], UAR).mean == (0.25,)


def test_a_missing_metric_is_an_empty_curve() -> None:
    assert not curve([FIRST], metric_value("val/none"))


def test_the_variance_is_the_outlier_rules() -> None:
    assert curve([FIRST], loss_variance).mean == (0.5, 0.25, 0.5 / 3)


def test_no_rule_is_an_empty_curve() -> None:
    history: list[EpochReport] = BEST
    assert not curve([history], loss_variance)
