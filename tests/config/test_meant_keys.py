"""What is offered to who types a key, or a value, that is nearly one; and what is not offered."""

from __future__ import annotations

import pytest

from ferray.config.corners import corner_problems
from ferray.config.load import load_space, load_space_or_dataset, validate_spec
from ferray.config.meant_keys import key_hint, meant_keys
from ferray.config.overrides import Overrides
from ferray.errors import ConfigError
from ferray.testing.curves import small_spec


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("LR", "optimizer.lr"),
        ("Optimizer.LR", "optimizer.lr"),
        ("optimizer.learning_rate", "optimizer.lr"),
        ("optimizer.lrr", "optimizer.lr"),
        ("focal.gamma", "imbalance.focal.gamma"),
        ("Focal.gama", "imbalance.focal.gamma"),
        ("imbalance.focl", "imbalance.focal"),
        ("imbalance.focl.gama", "imbalance.focal.gamma"),
        ("weights", "backbone.timm.weights"),
        ("pretrained", "backbone.timm.pretrained"),
        ("pretraned", "backbone.timm.pretrained"),
        ("timm.pretrained", "backbone.timm.pretrained"),
        ("model.pretrained", "backbone.timm.pretrained"),
        ("pruner.medain.startup_trials", "pruner.median.startup_trials"),
    ],
)
def test_a_key_without_its_place_is_offered_with_it(typed: str, key: str) -> None:
    assert meant_keys(typed) == [key]


@pytest.mark.parametrize("typed", ["betas", "eps", "xyz", "num_workers", "optimizer.type", "teacher", "n"])
def test_a_key_that_ferray_has_not_is_offered_no_wrong_one(typed: str) -> None:
    assert meant_keys(typed) == []


def test_a_word_of_several_keys_is_answered_with_all_of_them() -> None:
    hint = "did you mean `schedule.gamma` or `estimator.svm.gamma` or `imbalance.focal.gamma`?"
    assert key_hint("gamma") == hint


@pytest.mark.parametrize(
    ("item", "offer"),
    [
        ("optimizer=sgd", "optimizer.name=sgd"),
        ("schedule=cosine", "schedule.name=cosine"),
        ("folds=5", "folds.k=5"),
        ("objective=val/uar", "objective.metric=val/uar"),
        ("focal=2", "--set imbalance=focal"),
        ("budget.n_trials=3", "budget.trials"),
    ],
)
def test_a_value_in_the_place_of_its_group_is_offered_its_key(item: str, offer: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_space("demo", Overrides(sets=[item]))
    assert raised.value.hint == f"did you mean `{offer}`?"


@pytest.mark.parametrize("item", ["optimizer=0.1", "optimizer=sdg", "budget=20"])
def test_a_value_that_several_keys_take_or_none_is_offered_nothing(item: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_space("demo", Overrides(sets=[item]))
    assert "did you mean" not in str(raised.value)


def test_a_file_is_offered_a_group_s_key_in_its_own_words() -> None:
    (line,) = corner_problems(small_spec(base={"optimizer": "sgd"}, space={}))
    assert line.endswith("expected is keys with their values; did you mean `optimizer.name: sgd`?")


def test_a_file_is_offered_a_parameter_s_place() -> None:
    with pytest.raises(ConfigError) as raised:
        validate_spec({"name": "x", "dataset": "demo", "base": {"focal.gamma": 2}}, source="x")
    assert raised.value.hint == "did you mean `imbalance.focal.gamma`?"


def test_a_name_of_neither_space_nor_data_set_is_answered_with_both() -> None:
    with pytest.raises(ConfigError) as raised:
        load_space_or_dataset("nosuch")
    assert {"image_folder", "papers/wang2020"} <= set(raised.value.hint.removeprefix("known names: ").split(", "))


def test_a_slip_of_a_data_set_is_answered_with_it() -> None:
    with pytest.raises(ConfigError, match="did you mean `sfew_features`"):
        load_space_or_dataset("sfew_featurs")
