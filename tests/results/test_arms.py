from __future__ import annotations

from dataclasses import replace

from ferray.results.arms import ALL, changes, trials_by_arm
from ferray.testing.fake_arms import arms_record, arms_spec
from ferray.testing.fake_sweep import sweep_record

SPEC = arms_spec()
RECORD = arms_record(SPEC, {"plain": (40, 44), "cleaned": (50, 48)})


def test_trials_stand_by_arm_and_seed() -> None:
    numbers = {
        arm: {seed: trial.number for seed, trial in trials.items()} for arm, trials in trials_by_arm(RECORD).items()
    }
    assert numbers == {"plain": {0: 0, 1: 1}, "cleaned": {0: 2, 1: 3}}


def test_of_two_trials_of_one_seed_the_better_counts() -> None:
    twice = replace(RECORD.trials[0], number=9, value=0.9)
    record = replace(RECORD, trials=(*RECORD.trials, twice))
    assert trials_by_arm(record)["plain"][0].number == 9


def test_trials_that_did_not_complete_are_left_out() -> None:
    record = replace(RECORD, trials=(replace(RECORD.trials[0], state="failed"), *RECORD.trials[1:]))
    assert list(trials_by_arm(record)["plain"]) == [1]


def test_a_sweep_without_arms_is_one() -> None:
    assert list(trials_by_arm(sweep_record())) == [ALL]


def test_a_trial_as_the_space_has_it_differs_in_nothing() -> None:
    assert changes(SPEC, RECORD.trials[2]) == []


def test_what_a_cut_changed_is_named() -> None:
    cut = arms_record(arms_spec(base={"epochs": 2, "backbone": "timm"}), {"cleaned": (50,)})
    assert changes(SPEC, cut.trials[0]) == ["backbone timm for tiny_cnn", "epochs 2 for 9"]


def test_a_changed_parameter_of_a_component_is_named() -> None:
    cut = arms_record(arms_spec(arms={"cleaned": {"outliers": {"bdr": {"k": 0.5}}}}), {"cleaned": (50,)})
    assert changes(SPEC, cut.trials[0]) == ["outliers.bdr.k 0.5 for 1.0"]


def test_folds_where_the_space_has_none_are_named() -> None:
    cut = arms_record(arms_spec(base={"epochs": 9, "folds": {"k": 3}}), {"cleaned": (50,)})
    assert changes(SPEC, cut.trials[0]) == ["folds given for none"]


def test_an_arm_that_the_space_lacks_is_not_judged() -> None:
    assert changes(arms_spec(arms={"other": {}}), RECORD.trials[0]) == []
