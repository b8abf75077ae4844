from __future__ import annotations

import math
from dataclasses import replace

import pytest
from scipy import stats

from ferray.stats.differences import (
    NEWCOMBE,
    ONE_SIDED,
    WELCH,
    difference,
    holm,
    paired_folds,
    paired_seeds,
    two_proportions,
)
from ferray.stats.estimates import Estimate, of_confusion, of_folds, of_fraction, of_seeds


def test_two_proportions_have_newcombes_interval() -> None:
    # Newcombe 1998, table II, method 10: 56/70 - 48/80 is 0.2 with 0.0524 to 0.3339.
    found = difference(of_fraction("accuracy", 56 / 70, 70), of_fraction("accuracy", 48 / 80, 80))
    assert (found.value, found.interval) == (pytest.approx(0.2), pytest.approx((0.0524, 0.3339), abs=1e-4))
    assert (found.method, found.is_beyond_noise) == (NEWCOMBE, True)


def seeds(*values: float) -> Estimate:
    return of_seeds([of_fraction("accuracy", value, 216) for value in values])


def test_seeds_against_a_proportion_are_welchs() -> None:
    # Seeds: error 0.02 / sqrt(3), 2 degrees. The draw of images, theirs and ours: half of Wilson's width over 1.959964.
    ours, theirs = seeds(0.42, 0.44, 0.46), of_fraction("accuracy", 0.4, 216)
    assert theirs.interval is not None
    a, b = 0.02**2 / 3, ((theirs.interval[1] - theirs.interval[0]) / 2 / 1.959964) ** 2 + ours.draw_error**2
    reach = stats.t.ppf(0.975, (a + b) ** 2 / (a**2 / 2)) * math.sqrt(a + b)
    found = difference(ours, theirs)
    assert found.interval == pytest.approx((0.04 - reach, 0.04 + reach), abs=1e-6)
    assert found.method == WELCH


def test_the_draw_of_the_images_is_that_of_one_model() -> None:
    assert seeds(0.42, 0.44, 0.46).draw_error == pytest.approx(math.sqrt(0.44 * 0.56 / 216), rel=0.01)


def test_two_means_have_welchs_interval() -> None:
    first, second = (0.40, 0.43, 0.46, 0.41), (0.36, 0.35, 0.39)
    expected = stats.ttest_ind(first, second, equal_var=False).confidence_interval()
    found = difference(replace(seeds(*first), draw_error=0.0), replace(seeds(*second), draw_error=0.0))
    assert found.interval == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_a_number_without_n_counts_as_exact() -> None:
    ours = of_fraction("accuracy", 0.5, 100)
    found = difference(ours, of_fraction("accuracy", 0.4, None))
    assert ours.standard_error is not None
    assert found.interval == pytest.approx((0.1 - 1.959964 * ours.standard_error, 0.1 + 1.959964 * ours.standard_error))
    assert found.method == ONE_SIDED


def test_ours_without_an_interval_gives_none() -> None:
    assert difference(of_folds([0.5], num_train=4, num_val=1), of_fraction("accuracy", 0.4, 10)).interval is None


def test_zero_inside_is_not_beyond_noise() -> None:
    found = difference(of_fraction("accuracy", 0.46, 216), of_fraction("accuracy", 0.42, 216))
    assert not found.is_beyond_noise


def test_pairs_have_students_interval() -> None:
    first, second = [0.44, 0.47, 0.43, 0.45], [0.42, 0.43, 0.42, 0.40]
    expected = stats.ttest_rel(first, second).confidence_interval()
    found = paired_seeds(first, second)
    assert found.interval == pytest.approx((expected.low, expected.high))
    assert (found.value, found.num_pairs, found.p) == (pytest.approx(0.03), 4, None)


def test_six_pairs_have_wilcoxons_p() -> None:
    # Every difference is positive and of another size: 2 of the 2^6 patterns of signs are as far out, p = 2 / 64.
    first = [0.41, 0.42, 0.43, 0.44, 0.45, 0.46]
    second = [0.40, 0.40, 0.40, 0.40, 0.40, 0.40]
    assert paired_seeds(first, second).p == pytest.approx(2 / 64)


def test_pairs_without_any_difference_have_no_interval() -> None:
    found = paired_seeds([0.4] * 6, [0.4] * 6)
    assert (found.value, found.interval, found.p) == (0.0, None, None)


def test_one_pair_has_no_interval() -> None:
    assert paired_seeds([0.4], [0.3]).interval is None


def test_paired_folds_are_corrected() -> None:
    # Gaps 0.01, 0.03, 0.02, 0.04: s^2 = 1/6000, times 1/4 + 1/3 gives an error of 0.0098601, t(0.975, 3) = 3.182446.
    found = paired_folds([0.41, 0.43, 0.42, 0.44], [0.4] * 4, num_train=3, num_val=1)
    assert found.interval == pytest.approx((0.025 - 0.031379, 0.025 + 0.031379), abs=1e-6)
    assert (found.num_pairs, found.p) == (4, None)


def test_four_points_on_216_images_are_noise() -> None:
    # 0.04 / sqrt(0.44 * 0.56 * 2 / 216) = 0.8374, p = 0.4023
    found = two_proportions(0.42, 216, 0.46, 216)
    assert (found.z, found.p) == (pytest.approx(0.8374, abs=1e-4), pytest.approx(0.4023, abs=1e-4))
    assert found.is_noise


def test_four_points_on_ten_thousand_images_are_not() -> None:
    assert not two_proportions(0.42, 10_000, 0.46, 10_000).is_noise


def test_nothing_right_twice_is_no_difference() -> None:
    assert two_proportions(0.0, 20, 0.0, 20).p == 1.0


def test_a_uar_is_compared_by_welch() -> None:
    one = of_confusion("uar", 0.75, ((8, 2), (3, 7)))
    assert difference(one, one).method == WELCH


def test_holm_multiplies_the_smallest_most() -> None:
    # 0.01 * 3, 0.02 * 2, 0.03 * 1, none below one that is smaller.
    assert holm([0.03, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])


def test_holm_leaves_one_test_alone_and_ends_at_one() -> None:
    assert (holm([0.04]), holm([0.9, 0.8]), holm([])) == ([0.04], [1.0, 1.0], [])
