"""A key that is set reaches the stages that have it themselves; a key of one stage reaches that one."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ferray.config.set_key import set_key
from ferray.config.sweep import SweepSpec
from ferray.errors import ConfigError

FIRST = {"dataset": "fer2013", "epochs": 9, "optimizer": {"lr": 0.1, "name": "sgd"}}
LAST = {"epochs": 5, "optimizer.lr": 0.2}


def after(key: str, value: Any, *stages: dict[str, Any], **raw: Any) -> tuple[dict[str, Any], list[str]]:
    """The raw space with the key set, and the notes; a space of two stages where none are given."""
    changed = copy.deepcopy({"dataset": "sfew", "base": {"stages": list(stages or (FIRST, LAST))}, **raw})
    notes = set_key(changed, key, value, "--it")
    return changed, notes


def stages_after(key: str, value: Any, *stages: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = after(key, value, *stages)[0]["base"]["stages"]
    return found


def test_a_whole_key_of_the_trial_is_that_of_its_stages_too() -> None:
    space, notes = after("epochs", 2)
    assert [stage.get("epochs", space["base"]["epochs"]) for stage in space["base"]["stages"]] == [2, 2]
    assert notes == ["`--it` holds in stage 0, stage 1 too, counted from 0"]


def test_of_a_group_a_stage_keeps_the_keys_beside_the_one_that_is_set() -> None:
    first, last = stages_after("optimizer.lr", 0.5)
    assert (first["optimizer"], last) == ({"name": "sgd"}, {"epochs": 5})


@pytest.mark.parametrize("key", ["optimizer.name", "stages.0.optimizer.name"])
def test_a_key_may_be_set_beside_one_of_its_group_that_is_searched_in_the_stage(key: str) -> None:
    space = {"stages.0.optimizer.lr": {"choice": [0.1, 0.2]}}
    changed, _ = after(key, "adam", {"optimizer": {"name": "lion"}}, {}, space=space)
    assert SweepSpec.model_validate({"name": "x", **changed}).space.keys() == space.keys()


def test_a_parameter_reaches_the_component_that_a_stage_has() -> None:
    first, _ = stages_after("head.dropout", 0.5, {"head": {"bn_mlp": {"hidden": 8}}}, {})
    assert first == {"head": {"bn_mlp": {"hidden": 8, "dropout": 0.5}}}


def test_the_data_set_of_an_earlier_stage_stays_its_own() -> None:
    first, last = stages_after("dataset", "demo", FIRST, {"dataset": "sfew"})
    assert (first["dataset"], last) == ("fer2013", {})


def test_what_is_done_with_bad_samples_holds_for_every_data_set() -> None:
    assert stages_after("dataset.bad_samples", "skip")[0]["dataset"] == {"fer2013": {"bad_samples": "skip"}}


def test_the_seed_of_a_stage_stays_its_own() -> None:
    assert stages_after("seed", 3, {"seed": 0}, {})[0] == {"seed": 0}


def test_a_search_in_a_stage_ends_where_the_trials_key_is_set() -> None:
    space, notes = after("batch_size", 8, space={"stages.0.batch_size": {"choice": [16, 32]}})
    assert (space["space"], notes) == ({}, ["`--it` holds in stage 0 too, counted from 0"])


def test_a_key_of_one_stage_is_set_there_alone() -> None:
    first, last = stages_after("stages.0.epochs", 2)
    assert (first["epochs"], last["epochs"]) == (2, 5)


def test_a_key_of_a_stage_goes_over_the_group_in_it() -> None:
    assert stages_after("stages.0.optimizer.lr", 0.5)[0] == {
        "dataset": "fer2013",
        "epochs": 9,
        "optimizer": {"name": "sgd"},
        "optimizer.lr": 0.5,
    }


def test_a_key_of_a_stage_that_was_searched_is_fixed() -> None:
    space, notes = after("stages.0.epochs", 2, {}, {}, space={"stages.0.epochs": {"choice": [1, 2]}})
    assert (space["space"], space["base"]["stages"][0]) == ({}, {"epochs": 2})
    assert notes == ["`stages.0.epochs` is fixed by `--it` and no longer searched"]


def test_a_key_of_a_stage_can_be_searched() -> None:
    node = {"choice": [1, 2]}
    space, _ = after("stages.0.epochs", node)
    assert (space["space"], "epochs" in space["base"]["stages"][0]) == ({"stages.0.epochs": node}, False)


def test_a_key_of_a_stage_is_set_in_every_arm_that_has_stages() -> None:
    arms = {"one": {}, "two": {"stages": [{}, {}]}}
    space, _ = after("stages.1.epochs", 2, base={}, arms=arms)
    assert space["arms"] == {"one": {}, "two": {"stages": [{}, {"epochs": 2}]}}


def test_a_stage_that_no_trial_has_is_refused() -> None:
    with pytest.raises(ConfigError, match="no trial of this space has a stage 2"):
        after("stages.2.epochs", 2)


def test_other_stages_take_the_place_of_what_was_said_of_the_former() -> None:
    space, _ = after("stages", [{}, {}], space={"stages.0.epochs": {"choice": [1, 2]}})
    assert (space["base"], space["space"]) == ({"stages": [{}, {}]}, {})
