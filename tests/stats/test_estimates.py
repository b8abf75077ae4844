from __future__ import annotations

import math

import pytest

from ferray.stats.estimates import (
    AT_THE_MEAN,
    OVER_FOLDS,
    OVER_SEEDS,
    PRICE_BONETT,
    SAME_SEEDS,
    WILSON,
    Estimate,
    of_confusion,
    of_folds,
    of_fraction,
    of_mean_recall,
    of_seeds,
)
from ferray.stats.intervals import uar_interval, wilson_interval


def seed_values(*values: float) -> list[Estimate]:
    return [of_fraction("accuracy", value, 216) for value in values]


def test_an_accuracy_has_wilsons_interval() -> None:
    found = of_confusion("accuracy", 0.75, ((8, 2), (3, 7)))
    assert (found.interval, found.method, found.n) == (wilson_interval(15, 20), WILSON, 20)


def test_a_uar_has_that_of_its_recalls() -> None:
    found = of_confusion("uar", 0.75, ((8, 2), (3, 7)))
    assert (found.interval, found.method) == (uar_interval(((8, 2), (3, 7))), PRICE_BONETT)


def test_a_printed_accuracy_has_the_interval_of_its_images() -> None:
    # 0.46 * 216 is 99 images; scipy: binomtest(99, 216).proportion_ci(method="wilson")
    found = of_fraction("accuracy", 0.46, 216)
    assert found.interval == pytest.approx((0.39319, 0.52493), abs=1e-5)


def test_a_printed_number_without_n_has_no_interval() -> None:
    assert of_fraction("accuracy", 0.46, None).interval is None


def test_a_printed_uar_has_no_interval() -> None:
    assert of_fraction("uar", 0.46, 216).interval is None


def test_seeds_have_students_interval() -> None:
    # Mean 0.44, deviation 0.02, standard error 0.02 / sqrt(3) = 0.011547, t(0.975, 2) = 4.302653.
    found = of_seeds(seed_values(0.42, 0.44, 0.46))
    assert found.interval == pytest.approx((0.44 - 0.049683, 0.44 + 0.049683), abs=1e-6)
    assert (found.method, found.num_seeds, found.n, found.degrees) == (OVER_SEEDS, 3, 216, 2)


def test_an_interval_stays_among_scores() -> None:
    assert of_seeds(seed_values(0.02, 0.5)).interval == pytest.approx((0.0, 1.0), abs=1e-12)


def test_equal_seeds_keep_the_interval_of_one() -> None:
    found = of_seeds(seed_values(0.5, 0.5))
    assert (found.interval, found.method, found.num_seeds) == (wilson_interval(108, 216), SAME_SEEDS, 2)


def test_folds_have_the_corrected_interval() -> None:
    # Gong's frames: mean 0.409, s^2 = 0.0002925, times 1/5 + 1/4 gives an error of 0.0114728, t(0.975, 4) = 2.776445.
    found = of_folds([0.385, 0.4, 0.415, 0.415, 0.43], num_train=4, num_val=1, n=675)
    assert found.interval == pytest.approx((0.409 - 0.031854, 0.409 + 0.031854), abs=1e-6)
    assert (found.method, found.num_folds, found.n) == (OVER_FOLDS, 5, 675)


def test_folds_of_several_seeds_count_as_one_sample() -> None:
    # Ten values, the same five twice: s^2 = 0.00026, times 1/10 + 1/4 gives 0.0095394, t(0.975, 9) = 2.262157.
    found = of_folds([0.385, 0.4, 0.415, 0.415, 0.43] * 2, num_train=4, num_val=1, num_seeds=2)
    assert found.interval == pytest.approx((0.409 - 0.021580, 0.409 + 0.021580), abs=1e-6)
    assert (found.num_seeds, found.num_folds) == (2, 5)


def test_folds_alike_have_no_interval() -> None:
    assert of_folds([0.5, 0.5, 0.5], num_train=2, num_val=1).interval is None


def test_one_fold_has_no_interval() -> None:
    assert of_folds([0.5], num_train=2, num_val=1).interval is None


def test_the_error_of_a_wilson_interval_is_near_the_plain_one() -> None:
    found = of_fraction("accuracy", 0.5, 1000)
    assert found.standard_error == pytest.approx(math.sqrt(0.25 / 1000), rel=0.01)


def test_a_recall_over_seeds_has_the_interval_of_one_models_images() -> None:
    # 19 right of 28 images judged twice: 9.5 of 28.
    found = of_mean_recall(19, 28, 2)
    assert (found.value, found.interval) == (pytest.approx(19 / 56), pytest.approx(wilson_interval(9.5, 28)))
    assert (found.method, found.num_seeds, found.n) == (AT_THE_MEAN, 2, 28)


def test_a_recall_of_one_seed_is_a_proportion() -> None:
    assert of_mean_recall(7, 20, 1).method == WILSON
