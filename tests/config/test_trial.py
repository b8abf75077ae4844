from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from ferray.config.trial import COMPONENT_FIELDS, ImbalanceChoice, TrialConfig, split_component
from ferray.imbalance.focal import Focal


def config(**changes: object) -> TrialConfig:
    return TrialConfig.model_validate({"dataset": "fer2013", **changes})


def test_a_bare_name_means_the_defaults() -> None:
    assert config(imbalance="focal") == config(imbalance={"focal": {}})


def test_spelling_a_default_out_changes_no_identity() -> None:
    assert config(imbalance={"focal": {"gamma": 2.0}}).recipe == config(imbalance="focal").recipe


def test_the_seed_is_no_part_of_the_recipe() -> None:
    assert config(seed=1).recipe == config(seed=2).recipe


def test_a_parameter_is_part_of_the_recipe() -> None:
    assert config(imbalance={"focal": {"gamma": 1.0}}).recipe != config(imbalance="focal").recipe


def test_a_recipe_is_eight_hex_digits() -> None:
    assert len(bytes.fromhex(config().recipe)) == 4


def test_a_configuration_survives_json() -> None:
    original = config(imbalance={"focal": {"gamma": 1}}, finetune=2)
    assert TrialConfig.model_validate(json.loads(json.dumps(original.to_json()))) == original


def test_a_component_is_written_as_one_key() -> None:
    assert config(imbalance="undersample").to_json()["imbalance"] == {"undersample": {"per_class": None}}


def test_a_component_builds_its_own_parameters() -> None:
    assert config(imbalance={"focal": {"gamma": 1}}).imbalance.build_params() == Focal.Params(gamma=1.0)


def test_a_component_loads_its_class() -> None:
    assert ImbalanceChoice.model_validate("focal").load() is Focal


def test_a_configuration_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        config().seed = 3  # type: ignore[misc]  # the claim


@pytest.mark.parametrize(
    "changes",
    [
        {"batchsize": 3},
        {"batch_size": 1},
        {"epochs": 0},
        {"imbalance": "focl"},
        {"imbalance": {"focal": {"gamma": 9}}},
        {"imbalance": {"focal": {"gama": 1}}},
        {"imbalance": {"focal": {}, "none": {}}},
        {"optimizer": {"lr": 0}},
        {"optimizer": {"lr": float("nan")}},
        {"finetune": "some"},
        {"seed": -1},
    ],
    ids=str,
)
def test_what_is_wrong_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        config(**changes)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("focal", ("focal", {})), ({"focal": None}, ("focal", {})), ({"focal": {"gamma": 1}}, ("focal", {"gamma": 1}))],
    ids=str,
)
def test_a_component_is_a_name_or_one_key(value: object, expected: tuple[str, dict[str, object]]) -> None:
    assert split_component(value) == expected


def test_every_component_of_a_trial_is_known_by_its_field() -> None:
    assert set(COMPONENT_FIELDS) == {
        *("dataset", "backbone", "head", "augment", "imbalance", "outliers"),
        *("descriptor", "estimator", "loss"),
    }
