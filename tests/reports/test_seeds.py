"""What was trained with several seeds, held against the estimates of `ferray.stats`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ferray.reports.seeds import over_seeds
from ferray.stats.estimates import OVER_SEEDS, of_confusion, of_seeds
from ferray.study.records import SweepRecord, TrialRecord
from ferray.testing.fake_sweep import TRIALS, sweep_record, trial_record


def trained(number: int, hits: int, **changes: Any) -> TrialRecord:
    """A complete trial with so many of 20 right in each of two classes, of the seed that `changes` name."""
    record = trial_record(replace(TRIALS[4], number=number, hits=(hits,)))
    return replace(record, params={**record.params, **changes})


def of(*trials: TrialRecord) -> SweepRecord:
    return replace(sweep_record(), trials=trials)


def test_arms_are_ranked_by_their_mean_over_seeds(tmp_path: Path) -> None:
    arms = [trained(0, 10, arm="plain", seed=0), trained(1, 12, arm="plain", seed=1)]
    arms += [trained(2, 14, arm="cleaned", seed=0), trained(3, 18, arm="cleaned", seed=1)]
    first, second = over_seeds(of(*arms), tmp_path)
    wanted = of_seeds([of_confusion("uar", each.value or 0.0, each.confusion) for each in arms[2:]])
    assert (first.name, first.trials, first.estimate) == ("cleaned", (2, 3), wanted)
    assert (second.name, second.estimate.num_seeds, second.estimate.method) == ("plain", 2, OVER_SEEDS)


def test_a_recipe_that_was_trained_twice_has_a_mean_of_its_own(tmp_path: Path) -> None:
    (found,) = over_seeds(of(trained(0, 10, seed=0), trained(1, 12, seed=1)), tmp_path)
    assert (found.name, found.trials, round(found.estimate.value, 3)) == ("recipe 1f3a9c2e", (0, 1), 0.55)


def test_a_sweep_of_one_seed_has_none(tmp_path: Path) -> None:
    other = replace(trained(1, 12), recipe="00000000")
    assert over_seeds(of(trained(0, 10), other), tmp_path) == ()


def test_a_loss_has_none(tmp_path: Path) -> None:
    both = of(trained(0, 10, seed=0), trained(1, 12, seed=1))
    assert over_seeds(replace(both, metric="val/loss", mode="min"), tmp_path) == ()
