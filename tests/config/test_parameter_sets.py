"""`--enqueue`: sets of parameters out of every kind of file, each held against the space."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ferray.config.parameter_sets import load_sets, parameters_of
from ferray.config.sweep import SweepSpec
from ferray.errors import ConfigError
from ferray.results.leaderboard import rank
from ferray.testing.fake_sweep import sweep_record

SPACE: dict[str, Any] = {
    "optimizer.lr": {"log_uniform": [1e-5, 1e-2]},
    "batch_size": {"choice": [16, 32]},
    "epochs": {"int_uniform": [2, 6]},
    "imbalance": {"one_of": ["none", {"focal": {"gamma": {"uniform": [0.5, 4.0]}}}]},
}


def spec(**changes: Any) -> SweepSpec:
    return SweepSpec.model_validate({"name": "x", "dataset": "demo", "space": SPACE, **changes})


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_parameters_inside_options_have_names_of_their_own() -> None:
    assert parameters_of(spec())["imbalance.focal.gamma"].needs == {"imbalance": "focal"}


def test_a_yaml_list_is_read_under_full_or_short_names(tmp_path: Path) -> None:
    file = written(tmp_path, "sets.yaml", "- {optimizer.lr: 1e-3, batch_size: 32}\n- {lr: 2e-3, epochs: 4}\n")
    assert load_sets(file, spec()) == [
        {"optimizer.lr": 1e-3, "batch_size": 32},
        {"optimizer.lr": 2e-3, "epochs": 4},
    ]


def test_a_component_goes_by_the_name_that_tables_have_for_it(tmp_path: Path) -> None:
    networks = [{"timm": {"name": name, "pretrained": True}} for name in ("resnet18", "vgg11")]
    chosen = spec(space={"backbone": {"one_of": networks}})
    file = written(tmp_path, "sets.yaml", "- {backbone: vgg11}\n")
    assert load_sets(file, chosen) == [{"backbone": "timm name=vgg11 pretrained=True"}]


def test_one_set_alone_is_a_list_of_one(tmp_path: Path) -> None:
    assert load_sets(written(tmp_path, "one.yml", "batch_size: 16\n"), spec()) == [{"batch_size": 16}]


def test_a_parameter_of_an_option_brings_its_option(tmp_path: Path) -> None:
    file = written(tmp_path, "sets.yaml", "- {imbalance.focal.gamma: 2}\n")
    assert load_sets(file, spec()) == [{"imbalance": "focal", "imbalance.focal.gamma": 2.0}]


def test_a_csv_has_a_set_a_line_and_leaves_empty_cells_out(tmp_path: Path) -> None:
    file = written(tmp_path, "sets.csv", "optimizer.lr,epochs\n1e-3,4\n2e-3,\n")
    assert load_sets(file, spec()) == [{"optimizer.lr": 1e-3, "epochs": 4}, {"optimizer.lr": 2e-3}]


FAKE_SPACE: dict[str, Any] = {
    "optimizer.lr": {"log_uniform": [1e-5, 1.0]},
    "backbone": {"one_of": [{"timm": {"name": "resnet18"}}, {"timm": {"name": "vgg16"}}]},
    "epochs": {"int_uniform": [1, 3]},
}


@pytest.mark.parametrize("form", ["json", "csv"])
def test_of_a_leaderboard_the_complete_trials_are_asked_the_best_first(tmp_path: Path, form: str) -> None:
    board = rank(sweep_record())
    text = json.dumps(board.to_json()) if form == "json" else board.to_csv()
    text = text.replace("resnet18", "timm name=resnet18").replace("vgg16", "timm name=vgg16")
    sets = load_sets(written(tmp_path, f"board.{form}", text), spec(space=FAKE_SPACE))
    assert [params["optimizer.lr"] for params in sets] == [1e-3, 3.14159e-4]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- {optimizer.lr: 0.5}", "set 1: `optimizer.lr` is `0.5`, the space has `1e-05` to `0.01`"),
        ("- {batch_size: 64}", "set 1: `batch_size` is `64`, the space has `16`, `32`"),
        ("- {epochs: 2.5}", "set 1: `epochs` is `2.5`, the space has whole numbers from `2` to `6`"),
        ("- {imbalance: focall}", "set 1: `imbalance` is `focall`, the space has `none`, `focal`"),
        ("- {optimizer.lr: true}", "set 1: `optimizer.lr` is `True`, the space has"),
        ("- {batch_sizes: 16}", "set 1: `batch_sizes` is not searched in this space"),
        ("- {imbalance: none, imbalance.focal.gamma: 2}", "speaks of `focal`, and `imbalance` is `none`"),
        ("[1, 2]", "holds no sets of parameters"),
        ("[]", "holds no set of parameters"),
    ],
)
def test_what_the_space_does_not_have_is_refused_with_key_value_and_bounds(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_sets(written(tmp_path, "sets.yaml", text), spec())
    assert words in str(caught.value)


def test_all_that_is_wrong_is_told_together(tmp_path: Path) -> None:
    file = written(tmp_path, "sets.yaml", "- {batch_size: 64}\n- {epochs: 9}\n")
    with pytest.raises(ConfigError, match=r"sets.yaml` has 2 problems\n  set 1: .*\n  set 2: "):
        load_sets(file, spec())


def test_more_sets_than_trials_are_refused(tmp_path: Path) -> None:
    file = written(tmp_path, "sets.yaml", "- {epochs: 2}\n- {epochs: 3}\n")
    with pytest.raises(ConfigError, match="holds 2 sets of parameters, and the budget is 1 trial") as caught:
        load_sets(file, spec(budget={"trials": 1}))
    assert "--trials 2" in caught.value.hint


@pytest.mark.parametrize("name", ["nowhere.yaml", "nowhere.json", "nowhere.csv"])
def test_a_file_that_is_not_there_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_sets(tmp_path / name, spec())


def test_arms_and_seeds_are_parameters_too(tmp_path: Path) -> None:
    arms = spec(space={}, arms={"plain": {}, "other": {"epochs": 3}}, seeds=3)
    file = written(tmp_path, "sets.yaml", "- {arm: other, seed: 2}\n")
    assert load_sets(file, arms) == [{"arm": "other", "seed": 2}]
    with pytest.raises(ConfigError, match="`seed` is `7`, the space has `0` to `2`"):
        load_sets(written(tmp_path, "wrong.yaml", "- {seed: 7}\n"), arms)
