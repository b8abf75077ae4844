"""Which combination of a grid is next."""

from __future__ import annotations

import itertools
import random
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from ferray.study.records import RESULT_ATTR
from ferray.study.suggest import next_in_grid

KINDS: dict[str, BaseDistribution] = {
    "head": CategoricalDistribution(["linear", "mlp"]),
    "size": CategoricalDistribution([16, 32, 64]),
    "focus": CategoricalDistribution([None, True, "most", 0.5]),
    "epochs": CategoricalDistribution([2, 3]),
}
GRID = [
    dict(zip(("head", "size", "focus"), values, strict=True))
    for values in itertools.product(("linear", "mlp"), (16, 32, 64), (None, True, "most", 0.5))
]


def trial(params: dict[str, Any], outcome: str = "completed") -> FrozenTrial:
    kinds = {name: KINDS[name] for name in params}
    return create_trial(value=1.0, params=params, distributions=kinds, user_attrs={RESULT_ATTR: {"outcome": outcome}})


def running(params: dict[str, Any]) -> FrozenTrial:
    return create_trial(state=TrialState.RUNNING, system_attrs={"fixed_params": params})


def test_the_next_combination_is_the_first_of_those_that_the_fewest_trials_have() -> None:
    draw = random.Random(3)
    asked = [{**draw.choice(GRID), "epochs": draw.choice([2, 3])} for _ in range(100)]
    # 24 combinations: in a hundred draws some come up several times, and some never or once.
    expected = min(GRID, key=lambda each: sum(each.items() <= params.items() for params in asked))
    assert next_in_grid(GRID, map(trial, asked)) == expected


def test_a_running_trial_has_the_combination_that_it_was_asked_with() -> None:
    assert next_in_grid(GRID, [running(GRID[0])]) == GRID[1]


def test_an_interrupted_trial_has_none_as_it_is_asked_again() -> None:
    assert next_in_grid(GRID, [trial(GRID[0], "interrupted")]) == GRID[0]


def test_a_trial_that_lacks_a_parameter_of_the_grid_has_none() -> None:
    assert next_in_grid(GRID, [trial({"head": "linear", "size": 16})]) == GRID[0]
