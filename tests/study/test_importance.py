"""Which parameters a sweep's scores depended on: held against a truth that is planted."""

from __future__ import annotations

import random
from dataclasses import replace

from ferray.config.space import Choice, Node, Numbers
from ferray.study.importance import MOST_TRIALS, importances
from ferray.study.records import SweepRecord
from ferray.testing.fake_sweep import TRIALS, sweep_record, trial_record

NODES: dict[str, Node] = {
    "optimizer.lr": Numbers("log_uniform", 1e-5, 1e-1),
    "batch_size": Choice((16, 32, 64)),
    "imbalance.focal.gamma": Numbers("uniform", 0.0, 5.0),
}


def scored(count: int, mode: str = "max") -> SweepRecord:
    """Complete trials whose score is the learning rate's exponent alone; every second one has a gamma."""
    draw = random.Random(3)
    trials = []
    for number in range(count):
        exponent = draw.uniform(-5, -1)
        params = {"optimizer.lr": 10**exponent, "batch_size": draw.choice((16, 32, 64))}
        params |= {"imbalance.focal.gamma": draw.uniform(0, 5)} if number % 2 else {}
        trials.append(replace(trial_record(TRIALS[4]), number=number, params=params, value=exponent))
    return replace(sweep_record(), trials=tuple(trials), mode=mode)


def test_the_parameter_that_decides_the_score_comes_first_by_both_evaluators() -> None:
    found = importances(scored(60), NODES).by_evaluator
    assert [(each.evaluator, next(iter(each.shares)), each.n) for each in found] == [
        ("PED-ANOVA", "optimizer.lr", 60),
        ("fANOVA", "optimizer.lr", 60),
    ]


def test_shares_add_up_to_one() -> None:
    assert [round(sum(each.shares.values()), 9) for each in importances(scored(30), NODES).by_evaluator] == [1.0, 1.0]


def test_a_parameter_that_some_trials_lack_is_judged_by_ped_anova_alone() -> None:
    ped_anova, fanova = importances(scored(30), NODES).by_evaluator
    assert "imbalance.focal.gamma" in ped_anova.shares
    assert (fanova.unjudged, "imbalance.focal.gamma" in fanova.shares) == (("imbalance.focal.gamma",), False)


def test_it_is_also_found_where_less_is_better() -> None:
    assert next(iter(importances(scored(60, "min"), NODES).by_evaluator[0].shares)) == "optimizer.lr"


def test_the_same_sweep_is_judged_alike_twice() -> None:
    assert importances(scored(30), NODES) == importances(scored(30), NODES)


def test_few_trials_are_not_judged_and_the_reason_is_said() -> None:
    assert importances(scored(9), NODES).why_not == "9 complete trials are too few, 10 are the least"


def test_trials_of_one_value_are_not_judged() -> None:
    alike = tuple(replace(trial, value=0.5) for trial in scored(20).trials)
    assert importances(replace(scored(20), trials=alike), NODES).why_not == "all complete trials have one value"


def test_without_the_space_nothing_is_judged() -> None:
    assert importances(scored(20), {}).why_not == "fewer than two parameters vary among the complete trials"


def test_trials_outside_the_space_have_no_say() -> None:
    outside = replace(scored(30).trials[0], params={"optimizer.lr": 7.0, "batch_size": 16})
    assert importances(replace(scored(30), trials=(outside, *scored(30).trials[1:])), NODES).by_evaluator[0].n == 29


def test_of_very_many_trials_an_even_selection_is_judged_and_the_others_are_counted() -> None:
    found = importances(scored(MOST_TRIALS + 100), NODES)
    assert ([each.n for each in found.by_evaluator], found.num_left) == ([MOST_TRIALS, MOST_TRIALS], 100)
