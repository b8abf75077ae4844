"""The first trial of a study is the middle of its space."""

from __future__ import annotations

from typing import Any

import pytest

from ferray.study.initial_design import initial_sets
from ferray.testing.curves import small_spec


def space(**changes: Any) -> list[dict[str, Any]]:
    return initial_sets(small_spec(sampler="tpe", **changes))


def test_middle_is_half_way_by_the_scale_of_each_range() -> None:
    nodes = {
        "optimizer.lr": {"log_uniform": [1e-4, 1e-2]},  # 1e-3 is as many times the one as the other is times it
        "optimizer.weight_decay": {"uniform": [0.1, 0.3]},
        "epochs": {"int_uniform": [6, 11]},
    }
    (middle,) = space(base={}, space=nodes)
    assert middle == pytest.approx({"optimizer.lr": 1e-3, "optimizer.weight_decay": 0.2, "epochs": 8})


def test_of_numbers_the_one_in_the_middle_is_first_and_of_options_the_first() -> None:
    focal = {"focal": {"gamma": {"uniform": [0.5, 4.0]}}}
    nodes = {"batch_size": {"choice": [64, 16, 32]}, "imbalance": {"one_of": [focal, "none"]}}
    assert space(space=nodes) == [{"batch_size": 32, "imbalance": "focal", "imbalance.focal.gamma": 2.25}]


def test_of_two_numbers_the_smaller_is_the_middle() -> None:
    assert space(space={"batch_size": {"choice": [32, 16]}}) == [{"batch_size": 16}]


def test_words_are_in_no_order_and_the_first_is_taken() -> None:
    assert space(space={"schedule.name": {"choice": ["cosine", "constant"]}}) == [{"schedule.name": "cosine"}]


@pytest.mark.parametrize(
    "changes",
    [
        {"sampler": "random"},
        {"sampler": {"tpe": {"first": "random"}}},
        {"sampler": "tpe", "space": {"batch_size": {"grid": [16, 32]}}},
        {"sampler": "tpe", "space": {}, "arms": {"plain": {}}, "seeds": 1},
        {"sampler": "tpe", "space": {}},
    ],
    ids=["random search", "asked for", "a grid has its own order", "one arm, one seed", "nothing is searched"],
)
def test_there_is_no_middle_where_something_else_says_what_is_first(changes: dict[str, Any]) -> None:
    assert initial_sets(small_spec(**changes)) == []


def test_a_middle_that_is_no_configuration_is_left_out() -> None:
    either = {"schedule.warmup_epochs": {"uniform": [0, 1]}, "schedule.warmup_steps": {"int_uniform": [0, 10]}}
    assert space(space=either) == []
