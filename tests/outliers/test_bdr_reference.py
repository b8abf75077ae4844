"""BDR against a slow reference that spells out the paper's words over lists in exact fractions, and its invariants."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ferray.outliers.bdr import BimodalDistributionRemoval as Rule
from ferray.testing.outliers import bimodal_losses, sample_losses, select, without

UNGUARDED = {"max_removed_fraction": 1.0, "max_removed_fraction_per_class": 1.0}


@dataclass
class Row:
    """One training sample as the reference sees it."""

    sample_id: int
    label: int
    loss: float
    error: Fraction = Fraction(0)


# The reference: Slade and Gedeon's procedure and our start rules and guards, one sample at a time.


def paper_error(loss: float, all_losses: list[float], name: str) -> Fraction:
    if name == "ce":
        return Fraction(loss)
    if name == "one_minus_p":
        return 1 - Fraction(math.exp(-loss))
    low, high = min(all_losses), max(all_losses)
    return Fraction((loss - low) / (high - low)) if high > low else Fraction(0)


def paper_mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def paper_variance(values: list[Fraction]) -> Fraction:
    mean = paper_mean(values)
    return paper_mean([(value - mean) ** 2 for value in values])


def paper_start(params: dict[str, Any], variances: list[Fraction]) -> bool:
    if params["start"] == "epoch":
        return True
    if params["start"] == "variance":
        return variances[-1] <= params["start_variance"]
    last = variances[-params["plateau_epochs"] :]
    moved = max(last) - min(last)
    return len(last) == params["plateau_epochs"] and moved <= Fraction(params["plateau_tolerance"]) * paper_mean(last)


def paper_removal(rows: list[Row], subset: list[Row], params: dict[str, Any], initial: dict[int, int]) -> set[int]:
    """The highest errors of the subset that the guards let go."""
    mean = paper_mean([row.error for row in subset])
    variance = paper_variance([row.error for row in subset])
    gone: list[Row] = []
    for row in sorted(subset, key=lambda row: (-row.error, row.sample_id)):
        above = row.error >= mean and (row.error - mean) ** 2 >= Fraction(params["k"]) ** 2 * variance
        left = len(rows) - len(gone)
        left_in_class = sum(other.label == row.label for other in rows) - sum(o.label == row.label for o in gone)
        gone_overall = sum(initial.values()) - left + 1
        gone_in_class = initial[row.label] - left_in_class + 1
        small_enough = gone_overall <= params["max_removed_fraction"] * sum(initial.values()) + 1e-9
        class_small_enough = gone_in_class <= params["max_removed_fraction_per_class"] * initial[row.label] + 1e-9
        if above and small_enough and class_small_enough:
            gone.append(row)
    return {row.sample_id for row in gone}


def paper_bdr(rows: list[Row], params: dict[str, Any], shrink: float, epochs: int) -> tuple[list[set[int]], int | None]:
    """The ids removed after each epoch, and the epoch that halted training; every loss shrinks from epoch to epoch."""
    initial = {label: sum(row.label == label for row in rows) for label in range(3)}
    removed: list[set[int]] = []
    variances: list[Fraction] = []
    started = over = False
    rounds = 0
    for epoch in range(1, epochs + 1):
        all_losses = [row.loss for row in rows]
        for row in rows:
            row.error = paper_error(row.loss, all_losses, params["error"])
        variances.append(paper_variance([row.error for row in rows]))
        gone: set[int] = set()
        if epoch >= params["start_epoch"] and (epoch - params["start_epoch"]) % params["every"] == 0:
            started = started or paper_start(params, variances)
            if started and variances[-1] < params["halt_variance"]:
                return [*removed, gone], epoch
            if started and not over:
                mean = paper_mean([row.error for row in rows])
                subset = [row for row in rows if row.error > mean]
                if not subset or math.sqrt(paper_variance([r.error for r in subset])) < params["subset_std_min"]:
                    over = True
                else:
                    gone = paper_removal(rows, subset, params, initial)
                    rounds += 1
                    over = rounds == params["max_rounds"]
        removed.append(gone)
        rows = [row for row in rows if row.sample_id not in gone]
        for row in rows:
            row.loss *= shrink
    return removed, None


# Ours, in the same shape.


def ours(rows: list[Row], params: dict[str, Any], shrink: float, epochs: int) -> tuple[list[set[int]], int | None]:
    rule = Rule(Rule.Params.model_validate(params))
    losses = sample_losses(
        [row.loss for row in rows],
        labels=[row.label for row in rows],
        sample_ids=[row.sample_id for row in rows],
    )
    initial, removed = losses.initial_counts, []
    for epoch in range(1, epochs + 1):
        look = rule.review(epoch, losses)
        removed.append(set(look.sample_ids))
        if look.halt_training:
            return removed, epoch
        left = without(losses, look.sample_ids)
        losses = sample_losses(
            left.losses * shrink,
            labels=left.labels.tolist(),
            sample_ids=left.sample_ids.tolist(),
            initial_counts=initial,
        )
    return removed, None


def rows_of(losses: list[float], labels: list[int]) -> list[Row]:
    ids = [(7 * number) % 1009 for number in range(len(losses))]
    return [Row(sample_id, label, loss) for sample_id, label, loss in zip(ids, labels, losses, strict=True)]


def both(losses: list[float], labels: list[int], *, shrink: float = 0.5, epochs: int = 6, **changes: Any) -> list[Any]:
    params = {**Rule.Params().model_dump(), "start_epoch": 1, "subset_std_min": 0.0, **changes}
    return [run(rows_of(losses, labels), params, shrink, epochs) for run in (ours, paper_bdr)]


DRAWS: dict[str, Callable[[np.random.Generator], NDArray[np.float64]]] = {
    "bimodal": lambda g: np.concatenate([g.gamma(2.0, 0.1, 130), g.normal(4.0, 0.5, 20)]),
    "exponential": lambda g: g.exponential(0.8, 150),
    "uniform": lambda g: g.uniform(0.0, 3.0, 150),
    "lognormal": lambda g: g.lognormal(-1.0, 1.2, 150),
    "all but constant": lambda _: np.concatenate([np.full(149, 0.7), [0.9]]),
    "constant": lambda _: np.full(60, 0.7),
    "of few values": lambda g: g.integers(0, 4, 150) / 2,
    "three samples": lambda _: np.array([0.25, 1.0, 3.0]),
    "two samples": lambda _: np.array([0.25, 3.0]),
    "one sample": lambda _: np.array([0.25]),
}
GUARDS = {
    "no guards": UNGUARDED,
    "few overall": {"max_removed_fraction": 0.055, "max_removed_fraction_per_class": 1.0},
    "few a class": {"max_removed_fraction": 0.5, "max_removed_fraction_per_class": 0.07},
}


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("measure", ["ce", "one_minus_p", "minmax_ce"])
@pytest.mark.parametrize("guards", GUARDS)
@pytest.mark.parametrize("k", [0.0, 1.0, 1.7])
def test_rounds_equal_the_slow_reference(draw: str, measure: str, guards: str, k: float) -> None:
    generator = np.random.default_rng(7)
    losses = DRAWS[draw](generator).tolist()
    labels = generator.integers(0, 3, len(losses)).tolist()
    found, expected = both(losses, labels, epochs=3, max_rounds=3, k=k, error=measure, **GUARDS[guards])
    assert found == expected


STARTS: dict[str, dict[str, Any]] = {
    "a later epoch": {"start_epoch": 3},
    "every other epoch": {"start_epoch": 2, "every": 2},
    "a small variance": {"start": "variance", "start_variance": 0.1},
    "a small variance, seen every third epoch": {"start": "variance", "start_variance": 0.1, "every": 3},
    "a plateau": {"start": "plateau", "plateau_epochs": 2, "plateau_tolerance": 0.8},
    "a plateau that never comes": {"start": "plateau", "plateau_epochs": 3, "plateau_tolerance": 0.01},
    "and a halt": {"halt_variance": 0.05},
    "and a halt after the only round": {"halt_variance": 0.05, "max_rounds": 1},
    "and a narrow subset": {"subset_std_min": 0.2},
    "and a halt after a narrow subset": {"subset_std_min": 0.2, "halt_variance": 0.01},
}


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("measure", ["ce", "one_minus_p", "minmax_ce"])
def test_starts_and_ends_equal_the_slow_reference(start: str, measure: str) -> None:
    generator = np.random.default_rng(11)
    losses = DRAWS["bimodal"](generator).tolist()
    settings_of = {"max_rounds": None, "error": measure, **STARTS[start]}
    found, expected = both(losses, generator.integers(0, 3, 150).tolist(), epochs=8, **settings_of)
    assert found == expected


# Multiples of 1/8 that halve from epoch to epoch: sums and means that ought to be equal are equal to the last bit.
eighths = st.integers(0, 128).map(lambda value: value / 8)
labelled = st.lists(st.tuples(eighths, st.integers(0, 2)), min_size=1, max_size=30)
anything = st.fixed_dictionaries(
    {
        "k": st.sampled_from([0.0, 0.5, 1.0, 2.0]),
        "error": st.sampled_from(["ce", "one_minus_p"]),
        "start": st.sampled_from(["epoch", "variance", "plateau"]),
        "start_epoch": st.integers(1, 3),
        "start_variance": st.sampled_from([0.1, 3.0]),
        "plateau_epochs": st.integers(2, 3),
        "plateau_tolerance": st.sampled_from([0.3, 0.9]),
        "every": st.integers(1, 2),
        "max_rounds": st.sampled_from([None, 1, 2]),
        "halt_variance": st.sampled_from([0.0, 0.03, 0.7]),
        "subset_std_min": st.sampled_from([0.0, 0.013, 0.7]),
        "max_removed_fraction": st.sampled_from([0.1, 0.5, 1.0]),
        "max_removed_fraction_per_class": st.sampled_from([0.3, 1.0]),
    }
)


@settings(max_examples=80, deadline=None)
@given(samples=labelled, params=anything)
def test_any_settings_equal_the_slow_reference(samples: list[tuple[float, int]], params: dict[str, Any]) -> None:
    losses, labels = zip(*samples, strict=True)
    found, expected = both(list(losses), list(labels), epochs=5, **params)
    assert found == expected


# What holds whatever the losses are.

positive = st.floats(0.0, 20.0, allow_nan=False).map(lambda value: round(value, 3))
loss_lists = st.lists(positive, min_size=1, max_size=60)
fractions = st.floats(0.0, 1.0)


def first_round(losses: list[float], **params: Any) -> frozenset[int]:
    rule = Rule(Rule.Params.model_validate({"start_epoch": 1, **UNGUARDED, **params}))
    return rule.review(1, sample_losses(losses)).sample_ids


@settings(max_examples=100, deadline=None)
@given(losses=loss_lists, ks=st.tuples(st.floats(0, 5), st.floats(0, 5)), measure=st.sampled_from(["ce", "minmax_ce"]))
def test_a_larger_k_removes_a_subset(losses: list[float], ks: tuple[float, float], measure: str) -> None:
    assert first_round(losses, k=max(ks), error=measure) <= first_round(losses, k=min(ks), error=measure)


@settings(max_examples=100, deadline=None)
@given(losses=loss_lists, seed=st.integers(0, 99), overall=fractions, per_class=fractions)
def test_the_order_of_samples_changes_nothing(losses: list[float], seed: int, overall: float, per_class: float) -> None:
    params = Rule.Params(
        start_epoch=1, k=0.5, max_removed_fraction=overall, max_removed_fraction_per_class=per_class, subset_std_min=0.0
    )
    scores = sample_losses(losses)
    shuffled = select(scores, np.random.default_rng(seed).permutation(len(losses)))
    one, other = Rule(params).review(1, scores), Rule(params).review(1, shuffled)
    assert (one.sample_ids, one.variance) == (other.sample_ids, other.variance)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 999), overall=st.floats(0.0, 0.3), per_class=st.floats(0.0, 0.3))
def test_all_rounds_together_stay_within_the_guards(seed: int, overall: float, per_class: float) -> None:
    losses = bimodal_losses(seed)
    rule = Rule(
        Rule.Params(
            start_epoch=1,
            k=0.0,
            max_rounds=None,
            max_removed_fraction=overall,
            max_removed_fraction_per_class=per_class,
        )
    )
    for epoch in range(1, 6):
        losses = without(losses, rule.review(epoch, losses).sample_ids)
    gone = np.array(losses.initial_counts) - np.bincount(losses.labels, minlength=3)
    assert gone.sum() <= overall * 240 + 1e-6
    assert (gone <= per_class * 80 + 1e-6).all()
