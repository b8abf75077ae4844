"""Identities of configurations and sweeps stay what they are: see CONTRIBUTING.md, "Add a parameter"."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field

from ferray import registry
from ferray.canonical import added_later
from ferray.config.load import load_space, space_names
from ferray.config.space import ARM, Node
from ferray.config.sweep import SweepSpec
from ferray.config.trial import COMPONENT_FIELDS, TrialConfig
from ferray.config.yaml import read_yaml
from ferray.imbalance import ImbalanceStrategy
from ferray.testing.guests import bring_guest

KNOWN = read_yaml(Path(__file__).with_name("recipes.yaml"))
ARMS = [(space, arm) for space, known in KNOWN["spaces"].items() for arm in known["recipes"]]


class Guest(ImbalanceStrategy):
    """A strategy of another package, in the version that came with `share`."""

    class Params(registry.Params):
        """Both are shares."""

        strength: Annotated[float, Field(ge=0, le=1)] = 0.5
        share: Annotated[float, Field(ge=0, le=1)] = added_later(0.0)


@pytest.fixture
def with_guest(monkeypatch: pytest.MonkeyPatch) -> None:
    bring_guest(monkeypatch, "imbalance", Guest)


def with_guest_of(**params: float) -> TrialConfig:
    return TrialConfig.model_validate({"dataset": "demo", "imbalance": {"guest": params}})


def first_trial(spec: SweepSpec, arm: str) -> TrialConfig:
    def pick(name: str, node: Node) -> Any:
        return arm if name == ARM else node.extremes()[0]

    return spec.config(pick)


@pytest.mark.parametrize("recipe", KNOWN["configurations"])
def test_the_recipe_of_a_configuration_stays(recipe: str) -> None:
    assert TrialConfig.model_validate(KNOWN["configurations"][recipe]).recipe == recipe


@pytest.mark.parametrize(("space", "arm"), ARMS, ids=str)
def test_the_recipe_of_an_arm_of_a_shipped_space_stays(space: str, arm: str) -> None:
    assert first_trial(load_space(space)[0], arm).recipe == KNOWN["spaces"][space]["recipes"][arm]


@pytest.mark.parametrize("space", KNOWN["spaces"])
def test_the_identity_of_a_shipped_space_stays(space: str) -> None:
    assert load_space(space)[0].identity == KNOWN["spaces"][space]["identity"]


@pytest.mark.parametrize("identity", KNOWN["sweeps"])
def test_the_identity_of_a_sweep_stays(identity: str) -> None:
    assert SweepSpec.model_validate({"name": "any", **KNOWN["sweeps"][identity]}).identity == identity


def test_every_shipped_space_is_among_them() -> None:
    assert set(KNOWN["spaces"]) == set(space_names())


def test_every_room_of_a_trial_is_among_them() -> None:
    assert {key for config in KNOWN["configurations"].values() for key in config} >= set(COMPONENT_FIELDS)


@pytest.mark.usefixtures("with_guest")
def test_a_parameter_that_a_package_adds_later_is_not_in_the_recipe() -> None:
    # the SHA-256 of the canonical JSON of {dataset: demo, imbalance: {guest: {strength: 0.5}}}, all defaults included
    assert with_guest_of().recipe == "8ed2c192"


@pytest.mark.usefixtures("with_guest")
def test_another_value_of_it_is_another_recipe() -> None:
    assert with_guest_of(share=0.5).recipe != with_guest_of().recipe
