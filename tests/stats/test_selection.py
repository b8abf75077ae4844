from __future__ import annotations

import math

import numpy as np
import pytest

from ferray.stats.selection import expected_best, expected_maximum, rank_intervals, worth_of_best


def test_the_largest_of_two_normal_draws() -> None:
    # That of two is one over the root of pi.
    assert (expected_maximum(1), expected_maximum(2)) == pytest.approx((0.0, 1 / math.sqrt(math.pi)), abs=1e-5)


def test_the_largest_of_many_agrees_with_draws() -> None:
    largest = np.random.default_rng(5).normal(size=(20_000, 60)).max(axis=1)
    assert expected_maximum(60) == pytest.approx(float(largest.mean()), abs=4 * float(largest.std()) / 141)


def test_the_best_of_values_that_scatter_as_their_error_does_is_worth_their_mean() -> None:
    values = np.random.default_rng(1).normal(0.4, 0.02, 200)
    assert worth_of_best(values.tolist(), 0.02) == pytest.approx(0.4, abs=0.012)


def test_the_best_of_values_far_apart_is_worth_itself() -> None:
    assert worth_of_best([0.1, 0.7, 0.3, 0.5], 0.005) == pytest.approx(0.7, abs=0.005)


def test_of_two_that_are_level_the_better_one_owes_something_to_luck() -> None:
    # Its true score may lie below both values as well as above them.
    assert worth_of_best([0.40, 0.41], 0.04) < 0.409


def test_bad_trials_do_not_make_the_best_more_credible() -> None:
    # A normal shape of the true scores would, of the long lower tail, take 0.002 off the best of the thirty.
    generator = np.random.default_rng(2)
    values = [*generator.normal(0.40, 0.015, 30), *generator.uniform(0.1, 0.3, 30)]
    assert max(values) - worth_of_best(values, 0.015) > 0.015


def test_very_many_values_are_binned_to_the_same_worth() -> None:
    generator = np.random.default_rng(3)
    values = np.clip(generator.normal(0.4, 0.03, 390), None, 0.44)
    many = np.repeat(values, 3) + generator.normal(0, 1e-7, 1170)
    assert worth_of_best([*many, 0.47], 0.02) == pytest.approx(worth_of_best([*values, 0.47], 0.02), abs=0.005)


@pytest.mark.parametrize(("values", "error"), [([0.4, 0.4], 0.02), ([0.3, 0.4], 0.0), ([0.4], 0.1)])
def test_without_another_value_or_an_error_the_best_is_worth_itself(values: list[float], error: float) -> None:
    assert worth_of_best(values, error) == 0.4


def test_a_rank_counts_whom_the_noise_leaves_out() -> None:
    # Of three others each at 1 - 0.05 / 3: 2.394 * 0.01 * sqrt(2) = 0.0339
    assert rank_intervals([0.50, 0.48, 0.46, 0.30], 0.01) == [(1, 2), (1, 3), (2, 3), (4, 4)]
    assert rank_intervals([0.500, 0.465, 0.30, 0.10], 0.01) == [(1, 1), (2, 2), (3, 3), (4, 4)]


def test_one_trial_has_its_rank() -> None:
    assert rank_intervals([0.4], 0.01) == [(1, 1)]


def test_the_expected_best_of_two_of_three() -> None:
    # Of 9 ordered pairs the best is 0.1 once, 0.2 three times, 0.6 five times.
    (one, two) = expected_best([0.6, 0.1, 0.2], [1, 2])
    assert (one.value, two.value) == pytest.approx((0.3, (0.1 + 3 * 0.2 + 5 * 0.6) / 9))
    assert (two.budget, two.interval) == (2, (0.1, 0.6))
