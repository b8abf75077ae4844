from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from ferray.stats.power import MOST_SEEDS, Spread


def test_half_a_standard_deviation_takes_34_pairs() -> None:
    # Cohen 1988 and every table since: paired t test, d = 0.5, 80 % at 5 %.
    assert Spread(per_pair=0.02).num_seeds(0.01) == 34


def test_four_points_at_a_spread_of_three_take_eleven_seeds() -> None:
    # d = 0.04 / (0.03 sqrt(2)) = 0.943; of 9 pairs, as the normal approximation has it, the power is 0.70.
    assert Spread.of_recipes(0.03).num_seeds(0.04) == 11


def test_the_power_is_that_of_drawn_studies() -> None:
    gaps = np.random.default_rng(1).normal(0.03, 0.03, (20_000, 7))
    found = float((stats.ttest_1samp(gaps, 0.0, axis=1).pvalue < 0.05).mean())
    assert Spread(per_pair=0.03).power(0.03, 7) == pytest.approx(found, abs=0.01)


def test_two_recipes_scatter_by_the_root_of_two() -> None:
    assert Spread.of_recipes(0.02).per_pair == pytest.approx(0.02 * math.sqrt(2))


def test_the_draw_of_images_is_of_those_on_which_the_recipes_disagree() -> None:
    # 0.1 of 250 images: the variance of one image's difference is 0.1.
    assert Spread.of_recipes(0.01, 250, disagreement=0.1).draw_error == pytest.approx(0.02)


def test_no_number_of_seeds_finds_what_the_draw_of_images_hides() -> None:
    # 2.8 errors of 0.02 are 0.056
    spread = Spread.of_recipes(0.01, 250, disagreement=0.1)
    assert (spread.num_seeds(0.05), spread.num_seeds(0.07) is not None) == (None, True)


def test_four_times_the_images_halve_the_error_of_their_draw() -> None:
    assert Spread(0.01, 0.02, 100).on_images(400).draw_error == pytest.approx(0.01)


def test_the_number_of_seeds_is_the_fewest() -> None:
    spread = Spread.of_recipes(0.012, 3000, disagreement=0.1)
    fewest = spread.num_seeds(0.03)
    assert fewest is not None
    assert spread.power(0.03, fewest) >= 0.8 > spread.power(0.03, fewest - 1)


def test_the_smallest_gap_is_found_with_the_power_asked_for() -> None:
    spread = Spread.of_recipes(0.012, 3000, disagreement=0.1)
    gap = spread.smallest_gap(9, power=0.9)
    assert gap is not None
    assert spread.power(gap, 9) == pytest.approx(0.9, abs=1e-3)


def test_what_a_thousand_seeds_do_not_find_takes_no_number() -> None:
    assert Spread(per_pair=0.1).num_seeds(0.1 / math.sqrt(MOST_SEEDS) * 2.7) is None


def test_without_scatter_two_seeds_do() -> None:
    assert (Spread(0.0).num_seeds(0.01), Spread(0.0).smallest_gap(2)) == (2, 0.0)


def test_a_stricter_level_takes_more_seeds() -> None:
    spread = Spread(per_pair=0.02)
    strict, plain = spread.num_seeds(0.02, level=0.05 / 3), spread.num_seeds(0.02)
    assert strict is not None
    assert plain is not None
    assert strict > plain
