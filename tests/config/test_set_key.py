"""A key that is set reaches every place that gives it a value."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ferray.config.set_key import set_key
from ferray.errors import ConfigError

HEADS = {"one_of": [{"linear": {"dropout": {"uniform": [0.0, 0.5]}}}, {"bn_mlp": {}}]}
FOCAL = {"one_of": ["none", {"focal": {"gamma": {"uniform": [0.5, 4.0]}}}]}


def after(raw: dict[str, Any], key: str, value: Any) -> tuple[dict[str, Any], list[str]]:
    """The raw space with the key set, less what is empty, and the notes."""
    changed = copy.deepcopy(raw)
    notes = set_key(changed, key, value, "--it")
    return {name: part for name, part in changed.items() if part}, notes


def test_a_parameter_is_set_in_every_option_that_has_it() -> None:
    space, notes = after({"space": {"head": HEADS}}, "head.dropout", 0.3)
    assert space == {"space": {"head": {"one_of": [{"linear": {"dropout": 0.3}}, {"bn_mlp": {"dropout": 0.3}}]}}}
    assert notes == ["`--it` holds in `linear`, `bn_mlp`"]


def test_an_option_that_does_not_have_it_is_said() -> None:
    space, notes = after({"space": {"imbalance": FOCAL}}, "imbalance.gamma", 2)
    assert space["space"]["imbalance"] == {"one_of": ["none", {"focal": {"gamma": 2}}]}
    assert notes == ["`--it` holds in `focal`; `none` has no `gamma`"]


def test_a_parameter_that_no_option_has_is_refused() -> None:
    with pytest.raises(ConfigError, match="none of `none`, `focal` has a parameter `gama`\nhint: did you mean `gamma`"):
        after({"space": {"imbalance": FOCAL}}, "imbalance.gama", 2)


def test_of_one_option_alone_the_others_keep_what_they_have() -> None:
    raw = {"space": {"head": {"one_of": ["linear", "bn_mlp"]}, "head.dropout": {"uniform": [0.1, 0.2]}}}
    space, _ = after(raw, "head.linear.dropout", 0.3)
    both = [{"linear": {"dropout": 0.3}}, {"bn_mlp": {"dropout": {"uniform": [0.1, 0.2]}}}]
    assert space["space"] == {"head": {"one_of": both}}


def test_options_that_are_the_same_then_are_tried_as_one() -> None:
    raw = {"space": {"imbalance": {"one_of": [{"focal": {"gamma": 1}}, {"focal": {"gamma": 2}}, "none"]}}}
    space, notes = after(raw, "imbalance.focal.gamma", 3)
    assert space["space"]["imbalance"] == {"one_of": [{"focal": {"gamma": 3}}, "none"]}
    assert "options of `imbalance` that are the same now are tried as one" in notes


def test_a_parameter_can_be_searched_inside_the_options() -> None:
    space, _ = after({"space": {"imbalance": FOCAL}}, "imbalance.focal.gamma", {"choice": [1, 2]})
    assert space["space"]["imbalance"] == {"one_of": ["none", {"focal": {"gamma": {"choice": [1, 2]}}}]}


def test_a_short_name_in_base_gives_way_to_the_long_one() -> None:
    space, _ = after({"base": {"head.dropout": 0.5}}, "head.linear.dropout", 0.3)
    assert space == {"base": {"head": {"linear": {"dropout": 0.3}}}}


def test_a_dotted_key_of_base_gives_way() -> None:
    assert after({"base": {"optimizer.lr": 0.5}}, "optimizer.lr", 0.1)[0] == {"base": {"optimizer": {"lr": 0.1}}}


def test_a_search_under_another_name_ends() -> None:
    space, notes = after(
        {"space": {"imbalance.focal.gamma": {"choice": [1]}}, "base": {"imbalance": "focal"}}, "imbalance.gamma", 2
    )
    assert space == {"base": {"imbalance": "focal", "imbalance.gamma": 2}}
    assert notes == ["`imbalance.focal.gamma` is fixed by `--it` and no longer searched"]


def test_a_search_of_the_data_set_ends() -> None:
    space, _ = after({"dataset": "demo", "space": {"dataset.split_seed": {"choice": [1, 2]}}}, "dataset.split_seed", 7)
    assert space == {"dataset": {"demo": {"split_seed": 7}}}


def test_a_parameter_is_set_in_every_arm_that_has_it() -> None:
    arms = {"plain": {"outliers": "none"}, "bdr": {"outliers": {"bdr": {"k": 1.0}}}}
    space, notes = after({"arms": arms}, "outliers.k", 2)
    assert space["arms"] == {"plain": {"outliers": "none"}, "bdr": {"outliers": {"bdr": {"k": 2}}}}
    assert notes == ["`--it` holds in the arm `bdr`; the arm `plain` has no `k`"]


def test_an_arm_with_keys_of_its_own_gets_the_key_too() -> None:
    arms = {"plain": {}, "sgd": {"optimizer": {"name": "sgd", "lr": 0.1}}}
    space, _ = after({"arms": arms}, "optimizer.lr", 0.5)
    assert space["arms"]["sgd"] == {"optimizer": {"name": "sgd", "lr": 0.5}}
    assert space["base"] == {"optimizer": {"lr": 0.5}}


def test_an_arm_that_switches_the_group_off_keeps_it_off() -> None:
    space, notes = after({"arms": {"whole": {"folds": None}, "cut": {"folds": {"k": 5}}}}, "folds.k", 3)
    assert space["arms"] == {"whole": {"folds": None}, "cut": {"folds": {"k": 3}}}
    assert notes == ["`--it` holds in the arm `cut`; the arm `whole` has no `folds`"]


def test_a_whole_component_ends_what_was_said_of_its_parameters() -> None:
    space, _ = after({"base": {"head.dropout": 0.5}, "space": {"backbone.width": {"choice": [8]}}}, "head", "bn_mlp")
    assert space == {"base": {"head": "bn_mlp"}, "space": {"backbone.width": {"choice": [8]}}}


def test_a_parameter_of_another_component_chooses_it_and_says_so() -> None:
    space, notes = after({"base": {"imbalance": "none"}}, "imbalance.focal.gamma", 2)
    assert space == {"base": {"imbalance": {"focal": {"gamma": 2}}}}
    assert notes == ["`imbalance` is `focal`"]


def test_the_sampler_that_is_there_keeps_its_parameters() -> None:
    assert after({"sampler": {"tpe": {"candidates": 9}}}, "sampler", "tpe")[0] == {
        "sampler": {"tpe": {"candidates": 9}}
    }


def test_seeds_end_a_search_of_the_seed() -> None:
    assert after({"space": {"seed": {"choice": [1, 2]}}}, "seeds", 3)[0] == {"seeds": 3}


def test_what_some_arms_do_not_have_cannot_be_searched() -> None:
    arms = {"plain": {"outliers": "none"}, "bdr": {"outliers": "bdr"}}
    with pytest.raises(ConfigError, match="`none` has no `k` to search"):
        after({"arms": arms}, "outliers.k", {"uniform": [1, 2]})
