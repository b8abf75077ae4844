from __future__ import annotations

import math

import pytest

from ferray.stats.ranking import Mode, best_first, is_better, trial_rank


@pytest.mark.parametrize(("mode", "expected"), [("max", [0.9, 0.5, 0.1]), ("min", [0.1, 0.5, 0.9])])
def test_values_run_from_the_best_to_the_worst(mode: Mode, expected: list[float]) -> None:
    assert sorted([0.5, 0.1, 0.9], key=lambda value: best_first(value, mode)) == expected


@pytest.mark.parametrize("mode", ["max", "min"])
@pytest.mark.parametrize("none", [None, math.nan, math.inf, -math.inf])
def test_what_is_no_finite_number_comes_last_and_beats_nothing(mode: Mode, none: float | None) -> None:
    assert sorted([none, 0.5, -2.0], key=lambda value: best_first(value, mode))[-1] is none
    assert not is_better(none, None, mode)


@pytest.mark.parametrize(("mode", "better"), [("max", 0.6), ("min", 0.4)])
def test_a_better_value_beats_and_is_not_beaten(mode: Mode, better: float) -> None:
    assert (is_better(better, 0.5, mode), is_better(0.5, better, mode)) == (True, False)


@pytest.mark.parametrize("mode", ["max", "min"])
def test_a_tie_beats_nobody_and_any_number_beats_none(mode: Mode) -> None:
    assert (is_better(0.5, 0.5, mode), is_better(0.5, None, mode)) == (False, True)


def test_equal_trials_rank_by_their_number() -> None:
    assert sorted([(3, 0.5), (1, 0.5), (2, 0.7)], key=lambda trial: trial_rank(*trial, "max")) == [
        (2, 0.7),
        (1, 0.5),
        (3, 0.5),
    ]
