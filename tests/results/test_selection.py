from __future__ import annotations

import json
from dataclasses import replace
from typing import Literal

import pytest

from ferray.results.leaderboard import Leaderboard, rank
from ferray.results.selection import selection_effects
from ferray.stats.intervals import uar_interval
from ferray.stats.selection import expected_maximum
from ferray.study.records import SweepRecord
from ferray.testing.fake_sweep import sweep_record


def board_of(*hits: int, metric: str = "val/uar", mode: Literal["max", "min"] = "max") -> Leaderboard:
    """Complete trials numbered from 0 that are right about so many of twice 100 images in each class."""
    done = sweep_record().trials[4]
    trials = [
        replace(
            done, number=number, value=right / 100, confusion=((right, 100 - right), (100 - right, right)), num_val=200
        )
        for number, right in enumerate(hits)
    ]
    return rank(SweepRecord("luck", metric, mode, tuple(trials)))


LEVEL_TRIALS = (60, 58, 61, 57, 62, 59)


def test_the_error_is_what_trials_on_the_same_images_do_not_share() -> None:
    low, high = uar_interval(((60, 40), (40, 60)))
    found = selection_effects(board_of(60, 60), correlation=0.75)
    assert found.error == pytest.approx((high - low) / 2 / 1.959964 * 0.5)


def test_the_best_of_level_trials_is_expected_at_their_mean() -> None:
    found = selection_effects(board_of(*LEVEL_TRIALS))
    assert found.expected == pytest.approx(0.595, abs=0.005)


def test_chance_lifts_the_best_of_equal_trials_by_the_expected_maximum() -> None:
    found = selection_effects(board_of(*LEVEL_TRIALS))
    assert found.error is not None
    assert found.by_chance == pytest.approx(found.error * expected_maximum(6))


def test_a_clear_winner_keeps_its_value_and_its_rank() -> None:
    found = selection_effects(board_of(90, 50, 52))
    assert (found.expected, found.is_inside_noise, found.ranks[0]) == (pytest.approx(0.9, abs=0.01), False, (1, 1))


def test_a_winner_inside_the_noise_is_flagged_with_who_is_level() -> None:
    found = selection_effects(board_of(60, 62, 20))
    assert (found.is_inside_noise, found.level) == (True, (0,))


def test_of_a_loss_the_lowest_is_expected_to_be_higher() -> None:
    found = selection_effects(board_of(*LEVEL_TRIALS, metric="val/accuracy", mode="min"))
    assert found.value == 0.57
    assert found.expected == pytest.approx(0.595, abs=0.005)
    assert [each.value for each in found.expected_best] == sorted((e.value for e in found.expected_best), reverse=True)


def test_an_objective_without_an_interval_says_so() -> None:
    found = selection_effects(board_of(60, 62, metric="val/loss"))
    assert (found.optimism, found.ranks) == (None, {})
    assert found.sentences()[0] == "luck: not known, as `val/loss` has no interval on 200 images"


def test_pruned_trials_count_among_what_was_searched() -> None:
    board = rank(sweep_record())
    assert len(selection_effects(board).searched) == 3


@pytest.mark.parametrize("hits", [(), (60,)])
def test_fewer_than_two_trials_have_no_sentence(hits: tuple[int, ...]) -> None:
    assert selection_effects(board_of(*hits)).sentences() == []


def test_sentences_name_luck_ranks_and_budget() -> None:
    lines = selection_effects(board_of(*LEVEL_TRIALS)).sentences()
    assert [line.partition(":")[0] for line in lines] == ["luck", "ranks", "budget"]
    assert "chosen among 6 trials on the same 200 images" in lines[0]
    assert "the errors of two trials are taken to correlate by 0.5" in lines[0]
    assert lines[1] == (
        "ranks: the best is inside the noise, level with trials 2, 0, 5 and 2 more as far as 200 images can tell"
    )


def test_one_trial_level_with_the_best_is_a_number_and_no_count() -> None:
    lines = selection_effects(board_of(60, 62)).sentences()
    assert lines[1] == "ranks: the best is inside the noise, level with trial 0 as far as 200 images can tell"


def test_json_is_strict() -> None:
    document = json.loads(json.dumps(selection_effects(board_of(60, 62)).to_json(), allow_nan=False))
    assert (document["trials"], document["level_with_best"]) == (2, [0])
