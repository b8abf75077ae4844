"""What people really type behind `--set`, and what a file holds that comes from another tool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ferray.config.load import load_space, validate_spec
from ferray.config.overrides import Overrides
from ferray.config.short_keys import full_key
from ferray.config.sweep import Budget, Objective
from ferray.config.synonyms import SYNONYMS, meant_key
from ferray.config.trial import TrialConfig, group_keys
from ferray.errors import ConfigError
from ferray.registry import ROOMS


def space(**parts: Any) -> dict[str, Any]:
    return {
        "dataset": "demo",
        "space": {
            "optimizer.lr": {"uniform": [0.1, 0.2]},
            "head": {"one_of": [{"linear": {"dropout": {"uniform": [0.1, 0.2]}}}, "bn_mlp"]},
            "imbalance": {"one_of": ["none", {"focal": {"gamma": {"uniform": [1, 2]}}}]},
        },
        **parts,
    }


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("lr", "optimizer.lr"),
        ("weight_decay", "optimizer.weight_decay"),
        ("normalise", "pixels.normalise"),
        ("gamma", "imbalance.gamma"),
        ("focal.gamma", "imbalance.focal.gamma"),
        ("dropout", "head.dropout"),
        ("linear.dropout", "head.linear.dropout"),
        ("width", "backbone.width"),
        ("label_noise", "dataset.label_noise"),
        ("trials", "budget.trials"),
        ("metric", "objective.metric"),
        ("startup_trials", "sampler.startup_trials"),
        ("base.epochs", "epochs"),
        ("space.optimizer.lr", "optimizer.lr"),
        ("optimizer.lr", "optimizer.lr"),
        ("seed", "seed"),
        ("name", "name"),
    ],
)
def test_a_short_key_is_that_of_the_leaderboard_or_the_only_one(typed: str, key: str) -> None:
    assert full_key(space(), typed) == key


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("k", "`k` may be `folds.k` or `outliers.k`\nhint: write one of them whole"),
        ("learning_rate", "`learning_rate` is not a key of a trial\nhint: did you mean `optimizer.lr`?"),
        ("Model", "did you mean `backbone`?"),
        ("epohcs", "did you mean `epochs`?"),
        ("xyz", "known names: augment, augment_on, backbone,"),
        ("optimizer.learning", "`learning` is not a key of optimizer"),
        ("objective.metrc", "`metrc` is not a key of objective\nhint: did you mean `objective.metric`?"),
        ("quick", "`quick` cannot be changed by an option"),
        ("sampler.tpe.a.b", "`sampler.tpe.a.b` goes too deep"),
    ],
)
def test_a_key_that_is_none_is_answered_with_the_one_that_is_meant(typed: str, words: str) -> None:
    with pytest.raises(ConfigError) as raised:
        full_key(space(base={"outliers": "bdr"}), typed)
    assert words in str(raised.value)


def test_what_a_short_key_stands_for_is_said() -> None:
    assert "`lr` is `optimizer.lr`" in load_space("demo", Overrides(sets=["lr=0.1"]))[1]


def test_every_synonym_stands_for_a_key_that_there_is() -> None:
    groups = {"objective": tuple(Objective.model_fields), "budget": tuple(Budget.model_fields)}
    whole = {
        f"{field}.{key}"
        for field in (*TrialConfig.model_fields, *groups)
        for key in groups.get(field, group_keys(field))
    }
    assert set(SYNONYMS) <= whole | set(TrialConfig.model_fields)


def test_no_word_is_a_synonym_of_two_keys() -> None:
    words = [word for of_key in SYNONYMS.values() for word in of_key]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("word", "key"), [("lr", "optimizer.lr"), ("BS", "batch_size"), ("lr-scheduler", "schedule"), ("name", "")]
)
def test_a_word_of_another_tool_has_one_meaning_or_none(word: str, key: str) -> None:
    assert meant_key(word) == key


@pytest.mark.parametrize(
    ("typed", "backbone"),
    [
        ("resnet18", {"timm": {"name": "resnet18"}}),
        ("resnet50", {"timm": {"name": "resnet50", "pretrained": True}}),  # as the space has it
        ("resnet18.a1_in1k", {"timm": {"name": "resnet18.a1_in1k"}}),
        ("tiny_cnn", "tiny_cnn"),
    ],
)
def test_a_network_of_timm_may_be_set_by_its_name(typed: str, backbone: object) -> None:
    assert load_space("sfew", Overrides(sets=[f"backbone={typed}"]))[0].base["backbone"] == backbone


def test_what_a_bare_name_stands_for_is_said() -> None:
    _, notes = load_space("sfew", Overrides(sets=["backbone=resnet50"]))
    assert notes[0] == "`backbone=resnet50` is `backbone={timm: {name: resnet50, pretrained: true}}`"


def test_a_network_whose_parameters_are_searched_stays_searched(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(
        "{dataset: demo, space: {backbone: {one_of: [lenet, {timm: {name: resnet18, drop_rate: {uniform: [0, 1]}}}]}}}"
    )
    spec, _ = load_space(str(path), Overrides(sets=["backbone=resnet18"]))
    assert spec.space == {"backbone": {"one_of": [{"timm": {"name": "resnet18", "drop_rate": {"uniform": [0, 1]}}}]}}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("resnet18", "did you mean `{timm: {name: resnet18}}`?"),
        ("ResNet-18", "did you mean `{timm: {name: resnet18}}`?"),
        ("tinycnn", "did you mean `tiny_cnn`?"),
        ("resnet", "known names: deep_cnn, features_mlp, lenet, timm, tiny_cnn, a timm network is"),
    ],
)
def test_a_backbone_that_is_none_is_answered_in_the_form_of_a_space(name: str, hint: str) -> None:
    with pytest.raises(ConfigError) as raised:
        ROOMS["backbone"].load(name)
    assert raised.value.hint.startswith(hint)


def test_a_parameter_of_another_component_is_answered_with_that() -> None:
    with pytest.raises(ConfigError, match=r"`timm` has it: `--set backbone\.timm\.name=\.\.\.`"):
        load_space("demo", Overrides(sets=["backbone.name=resnet50"]))


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        ({"epochs": 5}, "epochs: belongs under `base`, or under `space` to be searched"),
        ({"lr": 5}, "lr: belongs under `base`, or under `space` to be searched"),
        (
            {"base": {"sampler": "tpe"}},
            "base.sampler: `sampler` is not a key of a trial, it stands at the top of a space",
        ),
        (
            {"space": {"lr": {"choice": [1]}}},
            "space.lr: `lr` is not a key of a trial\nhint: did you mean `optimizer.lr`?",
        ),
        ({"spaces": {}}, "spaces: is not a known key\nhint: did you mean `space`?"),
    ],
    ids=str,
)
def test_a_key_in_the_wrong_part_of_a_file_is_told_its_place(parts: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigError) as raised:
        validate_spec({"name": "x", "dataset": "demo", **parts}, source="x")
    assert line in str(raised.value)


def test_a_space_of_a_folder_is_offered_by_its_whole_name() -> None:
    with pytest.raises(ConfigError, match="did you mean `papers/wang2020`"):
        load_space("wang2020")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("some", "allowed is `all` or `head` or a whole number"),
        ("0", "allowed is at least `1`"),
        ("1.5", "allowed is `all` or `head` or a whole number"),
    ],
)
def test_a_value_of_several_kinds_is_one_problem(value: str, words: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_space("demo", Overrides(sets=[f"finetune={value}"]))
    assert raised.value.message == f"`--set finetune={value}`: {words}"
