"""BDR against hand-computed rounds, a slow reference written from the paper, and its invariants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ferray.outliers.bdr import BimodalDistributionRemoval, error_measure
from ferray.testing.outliers import bimodal_losses, sample_losses, select, without

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


# The reference: the paper's words over lists of (id, label, error), one sample at a time.


def paper_round(
    rows: list[tuple[int, int, float]], k: float, guards: tuple[float, float], initial: tuple[int, ...]
) -> set[int]:
    errors = [error for _, _, error in rows]
    mean = sum(errors) / len(errors)
    subset = [row for row in rows if row[2] > mean]
    subset_mean = sum(row[2] for row in subset) / len(subset)
    std = (sum((row[2] - subset_mean) ** 2 for row in subset) / len(subset)) ** 0.5
    gone: set[int] = set()
    kept_of = [sum(1 for row in rows if row[1] == label) for label in range(len(initial))]
    for row in sorted(subset, key=lambda row: row[2], reverse=True):
        would_go = sum(initial) - len(rows) + len(gone) + 1
        would_go_in_class = initial[row[1]] - kept_of[row[1]] + 1
        within = would_go <= guards[0] * sum(initial) and would_go_in_class <= guards[1] * initial[row[1]]
        if row[2] >= subset_mean + k * std and within:
            gone.add(row[0])
            kept_of[row[1]] -= 1
    return gone


def paper_errors(losses: list[float], name: str) -> list[float]:
    low, high = min(losses), max(losses)
    measures = {
        "ce": lambda loss: loss,
        "one_minus_p": lambda loss: 1 - 2.718281828459045**-loss,
        "minmax_ce": lambda loss: (loss - low) / (high - low),
    }
    return [measures[name](loss) for loss in losses]


DRAWS = {
    "exponential": lambda g: g.exponential(0.8, 300),
    "bimodal": lambda g: np.concatenate([g.gamma(2.0, 0.1, 260), g.normal(4.0, 0.5, 40)]),
    "uniform": lambda g: g.uniform(0.0, 3.0, 300),
    "lognormal": lambda g: g.lognormal(-1.0, 1.2, 300),
}


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("measure", ["ce", "one_minus_p", "minmax_ce"])
@pytest.mark.parametrize("k", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("guards", [(1.0, 1.0), (0.055, 1.0), (0.2, 0.07)])
def test_three_rounds_equal_the_slow_reference(draw: str, measure: str, k: float, guards: tuple[float, float]) -> None:
    generator = np.random.default_rng(7)
    losses = sample_losses(DRAWS[draw](generator), labels=generator.integers(0, 3, 300).tolist())
    fast = rule(
        k=k,
        error=measure,
        max_rounds=3,
        subset_std_min=0.0,
        max_removed_fraction=guards[0],
        max_removed_fraction_per_class=guards[1],
    )
    for epoch in (1, 2, 3):
        errors = paper_errors(losses.losses.tolist(), measure)
        rows = list(zip(losses.sample_ids.tolist(), losses.labels.tolist(), errors, strict=True))
        expected = paper_round(rows, k, guards, losses.initial_counts)
        found = fast.review(epoch, losses).sample_ids
        assert found == expected
        losses = without(losses, found)


positive = st.floats(0.0, 20.0, allow_nan=False).map(lambda value: round(value, 3))
loss_lists = st.lists(positive, min_size=1, max_size=60)
fractions = st.floats(0.0, 1.0)


@settings(max_examples=100, deadline=None)
@given(losses=loss_lists, ks=st.tuples(st.floats(0, 5), st.floats(0, 5)), overall=fractions, per_class=fractions)
def test_a_larger_k_removes_a_subset(
    losses: list[float], ks: tuple[float, float], overall: float, per_class: float
) -> None:
    guards = {"max_removed_fraction": overall, "max_removed_fraction_per_class": per_class}
    assert removed(rule(k=max(ks), **guards), losses) <= removed(rule(k=min(ks), **guards), losses)


@settings(max_examples=100, deadline=None)
@given(losses=loss_lists, seed=st.integers(0, 99), overall=fractions, per_class=fractions)
def test_the_order_of_samples_changes_nothing(losses: list[float], seed: int, overall: float, per_class: float) -> None:
    guarded = {"max_removed_fraction": overall, "max_removed_fraction_per_class": per_class, "k": 0.5}
    scores = sample_losses(losses)
    shuffled = select(scores, np.random.default_rng(seed).permutation(len(losses)))
    one, other = rule(**guarded).review(1, scores), rule(**guarded).review(1, shuffled)
    assert (one.sample_ids, one.variance) == (other.sample_ids, other.variance)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 999), overall=st.floats(0.0, 0.3), per_class=st.floats(0.0, 0.3))
def test_all_rounds_together_stay_within_the_guards(seed: int, overall: float, per_class: float) -> None:
    losses = bimodal_losses(seed)
    guarded = rule(k=0.0, max_rounds=None, max_removed_fraction=overall, max_removed_fraction_per_class=per_class)
    for epoch in range(1, 6):
        losses = without(losses, guarded.review(epoch, losses).sample_ids)
    gone = np.array(losses.initial_counts) - np.bincount(losses.labels, minlength=3)
    assert gone.sum() <= overall * 240 + 1e-6
    assert (gone <= per_class * 80 + 1e-6).all()
