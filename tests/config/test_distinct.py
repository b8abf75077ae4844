"""How many different trials a space holds."""

from __future__ import annotations

import math
from typing import Any

import pytest

from ferray.config.distinct import num_distinct, repeats_warning
from ferray.config.space import parse_space
from ferray.config.sweep import SweepSpec


@pytest.mark.parametrize(
    ("space", "count"),
    [
        ({}, 1),
        ({"batch_size": {"choice": [16, 32]}}, 2),
        ({"batch_size": {"grid": [16, 32]}, "epochs": {"int_uniform": [4, 6]}}, 6),
        ({"optimizer.lr": {"log_uniform": [1e-4, 1e-2]}, "batch_size": {"choice": [16]}}, math.inf),
        ({"optimizer.lr": {"uniform": [1e-4, 1e-4]}}, 1),
        ({"imbalance": {"one_of": ["none", {"focal": {"gamma": {"choice": [1.0, 2.0]}}}]}}, 3),
        ({"imbalance": {"one_of": ["none", {"focal": {"gamma": {"uniform": [1.0, 2.0]}}}]}}, math.inf),
    ],
)
def test_different_trials_are_counted(space: dict[str, Any], count: float) -> None:
    assert num_distinct(parse_space(space).values()) == count


def spec(trials: int, **others: Any) -> SweepSpec:
    return SweepSpec.model_validate({"name": "x", "dataset": "demo", "budget": {"trials": trials}, **others})


def test_an_empty_space_warns_of_trials_that_differ_by_seed_alone() -> None:
    assert repeats_warning(spec(3)) == "nothing is searched: all `3` trials are the same but for their seeds"


def test_a_small_space_warns_of_repeats() -> None:
    told = repeats_warning(spec(5, space={"batch_size": {"choice": [16, 32]}}))
    assert told == "the space holds `2` different trials and `5` are asked for: the rest have other seeds"


def test_seeds_that_are_searched_repeat_as_they_are() -> None:
    told = repeats_warning(spec(5, seeds=2))
    assert told == "the space holds `2` different trials and `5` are asked for: the rest repeat them"


@pytest.mark.parametrize(
    "quiet",
    [
        spec(1),
        spec(3, seeds=3),
        spec(9, space={"optimizer.lr": {"uniform": [0.1, 0.2]}}),
        spec(2, arms={"a": {}, "b": {}}),
    ],
)
def test_trials_that_differ_are_no_reason_to_warn(quiet: SweepSpec) -> None:
    assert repeats_warning(quiet) == ""
