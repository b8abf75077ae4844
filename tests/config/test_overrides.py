"""Options are blamed as options, all of them together; and a space in which one entry would hide another is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ferray.config.load import load_space, validate_spec
from ferray.config.overrides import Overrides
from ferray.config.sweep import SweepSpec
from ferray.errors import ConfigError

YAML = """
dataset: demo
sampler: {tpe: {startup_trials: 4}}
base: {epochs: 3}
space:
  head: {one_of: [{linear: {dropout: {uniform: [0.0, 0.5]}}}, bn_mlp]}
  optimizer.lr: {log_uniform: [1e-4, 1e-2]}
"""


def load(folder: Path, *sets: str, **flags: Any) -> tuple[SweepSpec, list[str]]:
    path = folder / "tiny.yaml"
    path.write_text(YAML)
    return load_space(str(path), Overrides(sets=sets, **flags))


def refused(folder: Path, *sets: str, **flags: Any) -> ConfigError:
    with pytest.raises(ConfigError) as raised:
        load(folder, *sets, **flags)
    return raised.value


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"epochs": -3}, "`--epochs -3`: allowed is at least `1`"),
        ({"seed": -1}, "`--seed -1`: allowed is at least `0`"),
        ({"trials": 0}, "`--trials 0`: allowed is at least `1`"),
        ({"limit_per_class": 0}, "`--limit-per-class 0`: allowed is at least `1`"),
        ({"sampler": "tep"}, "`--sampler tep`: `tep` is not a sampler"),
        ({"pruner": "hyperbnad"}, "`--pruner hyperbnad`: `hyperbnad` is not a pruner"),
        ({"bad_samples": "drop"}, "`--bad-samples drop`: allowed is "),
        ({"time_s": -1.0}, "`--time-budget -1`: allowed is more than `0`"),
        ({"seeds": 0}, "`--seeds 0`: allowed is at least `1`"),
        ({"name": "train"}, "`--name train`: `train` is where `ferray` keeps the trainings"),
    ],
    ids=str,
)
def test_an_option_is_blamed_as_an_option(tmp_path: Path, flags: dict[str, Any], message: str) -> None:
    assert refused(tmp_path, **flags).message.startswith(message)


def test_a_wrong_value_of_a_short_key_names_the_whole_key(tmp_path: Path) -> None:
    assert refused(tmp_path, "gamma=2").message == "`--set gamma=2` is `schedule.gamma`: allowed is at most `1`"


def test_a_wrong_node_is_one_problem(tmp_path: Path) -> None:
    error = refused(tmp_path, "optimizer.lr={log_uniform: [1e-2, 1e-4]}")
    assert error.message.startswith("`--set optimizer.lr={log_uniform: [1e-2, 1e-4]}`: `log_uniform` runs from")


def test_a_name_with_a_slash_is_told_what_a_name_may_hold(tmp_path: Path) -> None:
    error = refused(tmp_path, name="a/b")
    assert error.message == "`--name a/b`: allowed are letters, digits and `._-`, a letter or digit first"
    assert error.hint == "for example `--name a-b`"


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("batch_size=1", "`--set batch_size=1`: allowed is at least `2`"),
        ("epochs=many", "`--set epochs=many`: expected is a whole number"),
        ("head.dropout=7", "`--set head.dropout=7`: allowed is at most `0.95`"),
        ("head=linaer", "`--set head=linaer`: `linaer` is not a head"),
        ("head={linear: {dropout: 7}}", "`--set head={linear: {dropout: 7}}`: head.linear.dropout: is `7`, allowed is"),
        ("epochs={int_uniform: [0, 4]}", "`--set epochs={int_uniform: [0, 4]}`: is `0`, allowed is at least `1`"),
        ("epochs={int_unifrom: [1, 4]}", "`--set epochs={int_unifrom: [1, 4]}`: `int_unifrom` is not a distri"),
        ("sampler.candidates=0", "`--set sampler.candidates=0`: allowed is at least `1`"),
        ("objective.metric=val/f1", "`--set objective.metric=val/f1`: allowed is "),
    ],
    ids=str,
)
def test_a_set_is_blamed_as_it_was_typed(tmp_path: Path, item: str, message: str) -> None:
    assert refused(tmp_path, item).message.startswith(message)


def test_all_wrong_options_are_told_together_each_with_its_hint(tmp_path: Path) -> None:
    lines = refused(tmp_path, "head=linaer", "batch_size=1", trials=0, sampler="tep").message.splitlines()
    assert lines == [
        "4 options are wrong",
        "  `--set head=linaer`: `linaer` is not a head; did you mean `linear`?",
        "  `--set batch_size=1`: allowed is at least `2`",
        "  `--trials 0`: allowed is at least `1`",
        "  `--sampler tep`: `tep` is not a sampler; did you mean `tpe`?",
    ]


def test_an_option_and_a_set_of_one_key_contradict(tmp_path: Path) -> None:
    assert refused(tmp_path, "epochs=4", epochs=5).message == "`--epochs 5` and `--set epochs=4` set the same key"


def test_of_two_sets_the_later_one_holds(tmp_path: Path) -> None:
    assert load(tmp_path, "epochs=4", "epochs=5")[0].base["epochs"] == 5


def test_an_option_holds_beside_a_data_set_that_is_set(tmp_path: Path) -> None:
    spec, _ = load(tmp_path, "dataset=image_folder", bad_samples="skip")
    assert spec.dataset["image_folder"]["bad_samples"] == "skip"


def test_the_sampler_that_the_space_has_keeps_its_parameters(tmp_path: Path) -> None:
    assert load(tmp_path, sampler="tpe")[0].sampler.params["startup_trials"] == 4


def test_the_mode_follows_a_metric_that_is_set(tmp_path: Path) -> None:
    assert load(tmp_path, "objective.metric=val/loss")[0].objective.mode == "min"


def test_arms_that_an_option_makes_the_same_are_said() -> None:
    _, notes = load_space("papers/wang2020", Overrides(sets=["outliers=none"]))
    assert notes[-1] == "the arms `plain` and `bdr` are the same now"


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        (
            {"base": {"optimizer": {"lr": 0.1}}, "space": {"optimizer.lr": {"choice": [1]}}},
            "optimizer.lr: stands in `base` and",
        ),
        (
            {"base": {"head.dropout": 0.1}, "space": {"head": {"one_of": [{"linear": {"dropout": 0.5}}]}}},
            "head.dropout: stands in `base` and in `space`",
        ),
        (
            {"arms": {"a": {"imbalance": {"focal": {"gamma": 1}}}}, "space": {"imbalance.gamma": {"choice": [1]}}},
            "imbalance.focal.gamma: stands in `arms.a` and in `space`",
        ),
        ({"arms": {"a": {"folds": None}}, "space": {"folds.k": {"choice": [3]}}}, "folds.k: stands in `arms.a` and"),
        ({"arms": {"a": {"seed": 3}}, "seeds": 2}, "seed: stands in `arms.a`, and `seeds` is given"),
        ({"base": {"head.dropout": 0.1, "head.linear.dropout": 0.2}}, "head.dropout: is given twice in `base`"),
        (
            {"space": {"head": {"one_of": [{"linear": {"dropout": 0.5}}]}, "head.dropout": {"choice": [0.1]}}},
            "head.dropout: is searched twice in `space`",
        ),
        (
            {"dataset": {"demo": {"seed": 1}}, "space": {"dataset.seed": {"choice": [1, 2]}}},
            "dataset.demo.seed: is given in `dataset` and in `space`",
        ),
        ({"base": {"seed": "first"}, "seeds": 2}, "base.seed: is `first`"),
    ],
    ids=str,
)
def test_a_value_that_another_would_hide_is_refused(parts: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigError) as raised:
        validate_spec({"name": "x", "dataset": "demo", **parts}, source="x")
    assert line in raised.value.message


def test_an_arm_goes_before_a_longer_key_of_the_base() -> None:
    raw = {"name": "x", "dataset": "demo", "base": {"optimizer.lr": 0.5}, "arms": {"a": {"optimizer": {"lr": 0.25}}}}
    assert validate_spec(raw, source="x").config(lambda *_: "a").optimizer.lr == 0.25


def test_a_parameter_of_whichever_component_reaches_that_of_an_arm() -> None:
    raw = {"name": "x", "dataset": "demo", "base": {"head.dropout": 0.5}, "arms": {"a": {"head": "bn_mlp"}}}
    assert validate_spec(raw, source="x").config(lambda *_: "a").head.params["dropout"] == 0.5
