from __future__ import annotations

from dataclasses import replace

import pytest

from ferray.errors import DataError
from ferray.results.confirmation import Confirmation
from ferray.results.finalists import Finalist, Pair
from ferray.results.seed_spread import confirmed_spread, searched_spread
from ferray.stats.power import Spread
from ferray.study.records import SweepRecord, TrialState
from ferray.testing.fake_sweep import sweep_record


def record_of(*trials: tuple[str, TrialState, float]) -> SweepRecord:
    done = sweep_record().trials[4]
    made = [
        replace(done, number=number, recipe=recipe, state=state, value=value)
        for number, (recipe, state, value) in enumerate(trials)
    ]
    return replace(sweep_record(), trials=tuple(made))


def finalist(name: str, *values: float) -> Finalist:
    return Finalist(name, 1, "1f3a9c2e", tuple(range(len(values))), values, n=210, mean=0.4, sd=None, interval=None)


def confirmation(*rows: Finalist) -> Confirmation:
    return Confirmation("demo", "demo-confirm", "uar", "test", (0, 1), ("a", "b"), rows, ())


def test_the_scatter_is_pooled_within_recipes() -> None:
    # Squares 0.0002 on one degree and 0.0008 on two, 0.001 / 3.
    record = record_of(
        ("a", "complete", 0.40),
        ("a", "complete", 0.42),
        ("b", "complete", 0.50),
        ("b", "complete", 0.52),
        ("b", "complete", 0.54),
        ("c", "complete", 0.9),
    )
    found = searched_spread(record)
    assert found is not None
    assert found.sd == pytest.approx((0.001 / 3) ** 0.5)
    assert (found.n, found.source) == (40, "5 trainings of 2 recipes on the validation split")


def test_pruned_trials_tell_nothing_of_the_scatter() -> None:
    assert searched_spread(record_of(("a", "complete", 0.4), ("a", "pruned", 0.1))) is None


def test_the_scatter_of_a_loss_is_none_of_a_score() -> None:
    repeated = record_of(("a", "complete", 1.40), ("a", "complete", 1.42))
    with pytest.raises(DataError, match="is ranked by `val/loss`, whose scatter is not that of a score"):
        searched_spread(replace(repeated, metric="val/loss", mode="min"))


def test_a_confirmation_tells_its_own() -> None:
    found = confirmed_spread(confirmation(finalist("trial-1", 0.40, 0.42), finalist("baseline", 0.3)))
    assert found is not None
    assert found.sd == pytest.approx(0.02 / 2**0.5)
    assert (found.n, found.source) == (210, "2 trainings of 1 recipe confirmed on the test split")


def test_a_confirmation_by_one_seed_tells_nothing() -> None:
    assert confirmed_spread(confirmation(finalist("trial-1", 0.4))) is None


def test_the_spread_of_differences_is_pooled_over_pairs_that_know_it() -> None:
    # One pair of 4 seeds with an error of 0.01 on these images: 0.02 a pair.
    known = Pair("trial-1", "trial-2", 4, 0.02, None, None, None, seed_error=0.01, draw_error=0.015)
    unknown = Pair("trial-1", "baseline", 4, 0.02, None, None, None)
    rows = (finalist("trial-1", 0.40, 0.42), finalist("trial-2", 0.3, 0.32))
    found = confirmed_spread(replace(confirmation(*rows), pairs=(known, unknown)))
    assert found is not None
    assert found.of_pairs == Spread(pytest.approx(0.02), pytest.approx(0.015), 210)  # type: ignore[arg-type]
