"""A trial of one space in the words of another."""

from __future__ import annotations

from typing import Any

from ferray.config.mapped_set import is_recipe_of, mapped_set
from ferray.config.trial import TrialConfig
from ferray.testing.curves import small_spec


def plain(**keys: Any) -> dict[str, Any]:
    return TrialConfig.model_validate({"dataset": "demo", **keys}).to_json()


def test_numbers_choices_and_components_are_found_under_their_full_names() -> None:
    trial = plain(optimizer={"lr": 1e-3}, batch_size=16, imbalance={"focal": {"gamma": 1.5}})
    assert mapped_set(trial, small_spec()) == {
        "optimizer.lr": 1e-3,
        "batch_size": 16,
        "imbalance": "focal",
        "imbalance.focal.gamma": 1.5,
    }


def test_what_is_outside_the_space_is_left_to_the_sampler() -> None:
    trial = plain(optimizer={"lr": 0.9}, batch_size=48, imbalance="class_weights")
    assert mapped_set(trial, small_spec()) == {}


def test_a_number_outside_its_range_leaves_its_component() -> None:
    trial = plain(optimizer={"lr": 0.9}, batch_size=48, imbalance={"focal": {"gamma": 0.1}})
    assert mapped_set(trial, small_spec()) == {"imbalance": "focal"}


def test_an_option_of_the_same_component_is_told_by_its_fixed_parameters() -> None:
    nets = [{"timm": {"name": name}} for name in ("resnet18", "resnet50")]
    spec = small_spec(space={"backbone": {"one_of": nets}})
    assert mapped_set(plain(backbone=nets[1]), spec) == {"backbone": "timm name=resnet50"}


def test_a_parameter_below_a_component_is_that_of_the_chosen_one() -> None:
    spec = small_spec(space={"head.dropout": {"uniform": [0.0, 0.9]}})
    assert mapped_set(plain(head={"linear": {"dropout": 0.4}}), spec) == {"head.dropout": 0.4}


def test_a_group_of_keys_that_is_off_is_false() -> None:
    spec = small_spec(space={"ema": {"choice": [False, True]}})
    assert (mapped_set(plain(), spec), mapped_set(plain(ema=True), spec)) == ({"ema": False}, {"ema": True})


def test_rates_of_a_head_alone_say_nothing_of_a_whole_network() -> None:
    head = plain(finetune="head", optimizer={"lr": 1e-3}, batch_size=16, imbalance="none")
    assert mapped_set(head, small_spec()) == {"imbalance": "none"}


def test_the_last_stage_is_the_trial() -> None:
    stages = [{"epochs": 2}, {"epochs": 3}]
    spec = small_spec(
        base={"stages": stages},
        space={f"stages.{number}.optimizer.lr": {"log_uniform": [1e-5, 1e-1]} for number in (0, 1)},
    )
    assert mapped_set(plain(optimizer={"lr": 1e-3}), spec) == {"stages.1.optimizer.lr": 1e-3}


def test_seeds_and_arms_are_the_space_s_own() -> None:
    spec = small_spec(space={}, seeds=3, arms={"a": {}, "b": {"epochs": 3}})
    assert mapped_set(plain(seed=1), spec) == {}


def test_a_trial_of_other_fixed_keys_is_no_recipe_of_the_space() -> None:
    spec = small_spec()  # 4 epochs
    keys: dict[str, Any] = {"optimizer": {"lr": 1e-3}, "batch_size": 16, "imbalance": "none"}
    own, other = (TrialConfig.model_validate({"dataset": "demo", "epochs": epochs, **keys}) for epochs in (4, 5))
    params = mapped_set(own.to_json(), spec)
    assert is_recipe_of(spec, params, own.recipe)
    assert not is_recipe_of(spec, params, other.recipe)


def test_a_set_that_lacks_a_parameter_is_no_recipe() -> None:
    assert not is_recipe_of(small_spec(), {"batch_size": 16}, "00000000")
