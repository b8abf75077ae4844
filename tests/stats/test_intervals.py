"""Intervals against scipy, against hand computation and against what they promise: coverage."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from ferray.stats.intervals import uar_interval, wilson_interval


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (10, 10), (5, 10), (221, 431), (1, 3)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_wilson_is_that_of_scipy(successes: int, n: int, confidence: float) -> None:
    expected = stats.binomtest(successes, n).proportion_ci(confidence, method="wilson")
    z = float(stats.norm.ppf((1 + confidence) / 2))
    assert wilson_interval(successes, n, z) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_of_nothing_says_nothing() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_uar_of_nothing_says_nothing() -> None:
    assert uar_interval(((0, 0), (0, 0))) == (0.0, 1.0)


def test_one_class_is_agresti_and_coull() -> None:
    # 8 of 10 with 2 hits and 4 trials added: 10/14 +- 1.96 sqrt(10/14 * 4/14 / 14)
    reach = 1.959964 * math.sqrt(10 / 14 * 4 / 14 / 14)
    assert uar_interval(((8, 2), (0, 0))) == pytest.approx((10 / 14 - reach, 10 / 14 + reach), abs=1e-6)


def test_two_classes_are_agresti_and_caffo() -> None:
    # One hit and two trials added to each: recalls 9/12 and 4/22, mean of the two.
    reach = 1.959964 * math.sqrt((9 / 12 * 3 / 12 / 12 + 4 / 22 * 18 / 22 / 22) / 4)
    center = (9 / 12 + 4 / 22) / 2
    assert uar_interval(((8, 2), (17, 3))) == pytest.approx((center - reach, center + reach), abs=1e-6)


def test_absent_class_has_no_say() -> None:
    assert uar_interval(((8, 2, 0), (17, 3, 0), (0, 0, 0))) == uar_interval(((8, 2), (17, 3)))


def test_perfect_score_still_has_room_below() -> None:
    low, high = uar_interval(((3, 0), (0, 3)))
    assert (low < 0.9, high) == (True, 1.0)


def test_width_is_that_of_the_bootstrap_on_many_images() -> None:
    hits, sizes = np.array([300, 120, 450]), np.array([400, 300, 500])
    draws = np.random.default_rng(0).binomial(sizes, hits / sizes, size=(20_000, 3)) / sizes
    low, high = uar_interval(((300, 100, 0), (180, 120, 0), (0, 50, 450)))
    expected = np.quantile(draws.mean(axis=1), [0.025, 0.975])
    assert (low, high) == pytest.approx(tuple(expected), abs=0.003)


@pytest.mark.parametrize("recalls", [(0.5, 0.5, 0.5), (0.9, 0.7, 0.2), (0.98, 0.95, 0.9), (0.02, 0.05, 0.6)])
def test_covers_the_truth_nineteen_times_in_twenty(recalls: tuple[float, ...]) -> None:
    # Exact: every possible outcome of three classes of 8, 12 and 15 images, weighted by its probability.
    assert exact_coverage(recalls, sizes=(8, 12, 15)) > 0.935


def exact_coverage(recalls: tuple[float, ...], sizes: tuple[int, ...]) -> float:
    truth = sum(recalls) / len(recalls)
    weights = [stats.binom.pmf(np.arange(n + 1), n, p) for n, p in zip(sizes, recalls, strict=True)]
    total = 0.0
    for hits in itertools.product(*(range(n + 1) for n in sizes)):
        rows = [[0] * 3 for _ in sizes]
        for index, (hit, n) in enumerate(zip(hits, sizes, strict=True)):
            rows[index][index], rows[index][(index + 1) % 3] = hit, n - hit
        low, high = uar_interval(rows)
        total += (low <= truth <= high) * math.prod(weights[index][hit] for index, hit in enumerate(hits))
    return total
