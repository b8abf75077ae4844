"""BDR against hand-computed rounds; `test_bdr_reference.py` holds the paper's words and the invariants."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ferray.outliers._errors import error_measure
from ferray.outliers.bdr import BimodalDistributionRemoval
from ferray.testing.outliers import sample_losses

Rule = BimodalDistributionRemoval
UNGUARDED = {"max_removed_fraction": 1.0, "max_removed_fraction_per_class": 1.0}

# Mean 2.0; above it 4, 5, 9: mean 6, population std sqrt((4 + 1 + 9) / 3) = 2.160.
NINE = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 4.0, 5.0, 9.0]


def rule(**params: object) -> Rule:
    return Rule(Rule.Params.model_validate({"start_epoch": 1, **UNGUARDED, **params}))


def removed(review_of: Rule, values: list[float], epoch: int = 1) -> frozenset[int]:
    return review_of.review(epoch, sample_losses(values)).sample_ids


def test_removes_above_the_subsets_mean_plus_k_deviations() -> None:
    assert removed(rule(k=1.0), NINE) == {108}


def test_k_zero_removes_from_the_subsets_mean_up() -> None:
    # Mean 1.6; above it 3 and 5, whose mean is 4.
    assert removed(rule(k=0.0), [0.0, 0.0, 0.0, 3.0, 5.0]) == {104}


def test_an_error_that_equals_the_threshold_goes() -> None:
    # Mean 1.5; above it 2 and 4: mean 3, std 1, threshold 4.
    assert removed(rule(k=1.0), [0.0, 0.0, 2.0, 4.0]) == {103}


def test_waits_for_its_epoch() -> None:
    assert removed(rule(start_epoch=6), NINE, epoch=5) == frozenset()


def test_one_round_is_one_round() -> None:
    once = rule(max_rounds=1)
    once.review(1, sample_losses(NINE))
    assert removed(once, NINE, epoch=2) == frozenset()


def test_rounds_are_due_every_so_many_epochs() -> None:
    every_third = rule(every=3, max_rounds=None)
    assert [bool(removed(every_third, NINE, epoch)) for epoch in range(1, 8)] == [1, 0, 0, 1, 0, 0, 1]


def test_variance_rule_waits_for_a_small_variance() -> None:
    waiting = rule(start="variance", start_variance=0.1, error="one_minus_p")
    half_wrong = [0.0] * 5 + [20.0] * 5  # variance of 1 - p close to 0.25
    assert removed(waiting, half_wrong) == frozenset()


def test_variance_rule_starts_at_a_small_variance() -> None:
    starting = rule(start="variance", start_variance=0.1, error="one_minus_p", subset_std_min=0.0)
    assert removed(starting, [0.0] * 18 + [0.5, 1.0]) == {119}


def test_plateau_rule_starts_once_the_variance_stands_still() -> None:
    plateau = rule(start="plateau", plateau_epochs=3, plateau_tolerance=0.05)
    assert [bool(removed(plateau, NINE, epoch)) for epoch in (1, 2, 3)] == [False, False, True]


def test_plateau_rule_waits_while_the_variance_falls() -> None:
    plateau = rule(start="plateau", plateau_epochs=2, plateau_tolerance=0.05)
    plateau.review(1, sample_losses([2 * value for value in NINE]))
    assert removed(plateau, NINE, epoch=2) == frozenset()


def test_a_narrow_subset_ends_the_rounds() -> None:
    narrow = rule(max_rounds=None, subset_std_min=0.01)
    narrow.review(1, sample_losses([0.0, 0.0, 5.0, 5.001]))
    assert removed(narrow, NINE, epoch=2) == frozenset()


def test_a_small_variance_halts_training() -> None:
    assert rule(halt_variance=0.01).review(1, sample_losses([0.1, 0.1, 0.2])).halt_training


def test_a_large_variance_does_not_halt_training() -> None:
    assert not rule(halt_variance=0.01).review(1, sample_losses(NINE)).halt_training


def test_a_small_variance_halts_training_after_the_last_round() -> None:
    halting = rule(halt_variance=0.01, max_rounds=1)
    halting.review(1, sample_losses(NINE))
    assert halting.review(2, sample_losses([0.1, 0.1, 0.2])).halt_training


def test_a_small_variance_halts_training_after_a_narrow_subset_ended_the_rounds() -> None:
    halting = rule(halt_variance=0.01, max_rounds=None)
    halting.review(1, sample_losses([0.0, 0.0, 5.0, 5.001]))
    assert halting.review(2, sample_losses([0.1, 0.1, 0.2])).halt_training


def test_after_the_last_round_looks_are_due_as_often_as_before() -> None:
    halting = rule(halt_variance=0.01, max_rounds=1, every=3)
    halting.review(1, sample_losses(NINE))
    assert [halting.review(epoch, sample_losses([0.1, 0.2])).halt_training for epoch in (2, 3, 4)] == [
        False,
        False,
        True,
    ]


def test_not_watching_goes_on_scoring_for_the_halt() -> None:
    quiet = rule(watch=False, max_rounds=1, halt_variance=0.01, every=2)
    quiet.review(1, sample_losses(NINE))
    assert [quiet.wants_losses(epoch) for epoch in (2, 3)] == [False, True]


def test_a_look_for_the_halt_removes_nothing() -> None:
    halting = rule(halt_variance=0.01, max_rounds=1)
    halting.review(1, sample_losses(NINE))
    assert removed(halting, NINE, epoch=2) == frozenset()


def test_of_a_subset_of_two_the_higher_goes_at_k_one() -> None:
    # Mean 1.1, std 0.6: the threshold is 1.7, which comes out as 1.7000000000000002.
    assert removed(rule(k=1.0), [0.0, 0.0, 0.0, 0.5, 1.7]) == {104}


def test_no_rounding_lets_a_sample_below_the_mean_go() -> None:
    assert removed(rule(k=0.0, subset_std_min=0.0), [1.0, 1.0 + 4e-13]) == {101}


def test_overall_guard_lets_the_highest_errors_go() -> None:
    # Of 10, one may go; 8 and 9 are both above the subset's mean of 7.
    guarded = rule(k=0.0, max_removed_fraction=0.1)
    assert removed(guarded, [0.0] * 6 + [5.0, 6.0, 8.0, 9.0]) == {109}


def test_class_guard_counts_what_earlier_rounds_removed() -> None:
    # Class 0 began with 4 samples of which 2 are left: half of it is gone already.
    guarded = rule(k=0.0, max_removed_fraction_per_class=0.5)
    losses = sample_losses([0.0, 0.0, 0.0, 9.0, 8.0], labels=[1, 1, 1, 0, 0], initial_counts=(4, 3, 0))
    assert guarded.review(1, losses).sample_ids == frozenset()


def test_a_binding_guard_is_noted() -> None:
    guarded = rule(k=0.0, max_removed_fraction=0.1)
    note = guarded.review(1, sample_losses([0.0] * 6 + [5.0, 6.0, 8.0, 9.0])).note
    assert note == "guards kept 1 of 2 candidates"


def test_minmax_scales_cross_entropy_to_the_unit_interval() -> None:
    assert error_measure(sample_losses([1.0, 2.0, 5.0]), "minmax_ce").tolist() == [0.0, 0.25, 1.0]


def test_watching_scores_every_epoch() -> None:
    assert rule(start_epoch=6).wants_losses(2)


def test_not_watching_scores_only_when_a_look_is_due() -> None:
    quiet = rule(start_epoch=6, watch=False)
    assert [epoch for epoch in range(1, 10) if quiet.wants_losses(epoch)] == [6, 7, 8, 9]


def test_not_watching_stops_scoring_after_the_last_round() -> None:
    quiet = rule(watch=False, max_rounds=1)
    quiet.review(1, sample_losses(NINE))
    assert not quiet.wants_losses(2)


@pytest.mark.parametrize("wrong", [{"k": 5.1}, {"k": -0.1}, {"max_rounds": 0}, {"error": "mse"}, {"start_epoch": 0}])
def test_refuses_parameters_out_of_range(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        rule(**wrong)
