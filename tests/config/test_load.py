"""Finding a space, and what the command line changes in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ferray.config.load import find_space, load_dataset, load_space, space_names
from ferray.config.overrides import Overrides
from ferray.config.set_key import set_key
from ferray.config.yaml import read_yaml
from ferray.errors import ConfigError

YAML = """
dataset: demo
budget: {trials: 3}
base: {head: linear}
space:
  optimizer.lr: {log_uniform: [1e-4, 1e-2]}
  imbalance: {one_of: [none, {focal: {gamma: {uniform: [0.5, 4.0]}}}]}
"""


@pytest.fixture
def space(tmp_path: Path) -> str:
    path = tmp_path / "tiny.yaml"
    path.write_text(YAML)
    return str(path)


def overridden(space: str, *sets: str, **flags: Any) -> Any:
    return load_space(space, Overrides(sets=sets, **flags))[0]


def test_space_is_named_after_its_file(space: str) -> None:
    assert load_space(space)[0].name == "tiny"


def test_a_file_whose_name_names_no_sweep_hints_at_the_option(tmp_path: Path) -> None:
    path = tmp_path / "my space.yaml"
    path.write_text(YAML)
    with pytest.raises(ConfigError, match="`my space`, allowed are letters, digits") as caught:
        load_space(str(path))
    assert caught.value.hint == "for example `--name my-space`"


def test_the_option_names_the_sweep_of_a_file_with_a_space_in_its_name(tmp_path: Path) -> None:
    path = tmp_path / "my space.yaml"
    path.write_text(YAML)
    assert load_space(str(path), Overrides(name="mine"))[0].name == "mine"


def test_a_data_set_taken_for_a_space_is_told_how_it_is_searched_on() -> None:
    with pytest.raises(ConfigError, match="no search space `image_folder`") as caught:
        find_space("image_folder")
    assert "sweep demo --set 'dataset={image_folder: {path: FOLDER}}'" in caught.value.hint


@pytest.mark.parametrize("name", space_names())
def test_shipped_space_loads(name: str) -> None:
    spec, _ = load_space(name)
    assert spec.space or spec.arms


def test_unknown_space_offers_the_nearest_name() -> None:
    with pytest.raises(ConfigError) as raised:
        find_space("dmeo")
    assert raised.value.hint == "did you mean `demo`?"


@pytest.mark.parametrize("name", ["mine", "mine.yml", "mien.yaml"])
def test_a_file_here_is_offered_where_its_name_or_suffix_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "mine.yaml").write_text(YAML)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as raised:
        find_space(name)
    assert raised.value.hint == "did you mean `mine.yaml`?"


def test_set_fixes_a_searched_parameter_and_says_so(space: str) -> None:
    spec, notes = load_space(space, Overrides(sets=["optimizer.lr=1e-3"]))
    assert "optimizer.lr" not in spec.space
    assert spec.config(lambda _, node: node.extremes()[0]).optimizer.lr == 1e-3
    assert notes == ["`optimizer.lr` is fixed by `--set optimizer.lr=1e-3` and no longer searched"]


def test_set_of_a_component_ends_its_search(space: str) -> None:
    assert overridden(space, "imbalance={focal: {gamma: 1.5}}").space.keys() == {"optimizer.lr"}


def test_set_inside_a_one_of_fixes_that_parameter_alone(space: str) -> None:
    spec = overridden(space, "imbalance.focal.gamma=2")
    assert spec.space["imbalance"] == {"one_of": ["none", {"focal": {"gamma": 2}}]}


def test_set_of_a_node_searches_it(space: str) -> None:
    assert overridden(space, "batch_size={choice: [16, 32]}").space["batch_size"] == {"choice": [16, 32]}


def test_set_of_a_parent_ends_the_search_of_its_children(space: str) -> None:
    assert "optimizer.lr" not in overridden(space, "optimizer={name: sgd, lr: 0.1}").space


def test_set_reaches_the_data_set(space: str) -> None:
    assert overridden(space, "dataset.num_train=50").dataset == {"demo": {"num_train": 50}}


def test_set_reaches_the_pruner_and_the_objective(space: str) -> None:
    spec = overridden(space, "pruner=asha", "objective.metric=val/accuracy")
    assert (spec.pruner.name, spec.objective.metric) == ("asha", "val/accuracy")


def test_flags_fix_epochs_seed_and_trials(space: str) -> None:
    spec = overridden(space, epochs=2, seed=7, trials=9)
    assert (spec.base["epochs"], spec.base["seed"], spec.budget.trials) == (2, 7, 9)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("epochs", "not KEY=VALUE"),
        ("=3", "not KEY=VALUE"),
        ("epoch=3", "`epoch` is not a key of a trial"),
        ("imbalance.focl.gamma=2", "searched over other components"),
        ("budget.trials=0", "at least `1`"),
        ("epochs=[1", "--set epochs"),
    ],
)
def test_wrong_set_is_a_config_error(space: str, item: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        overridden(space, item)


def test_every_problem_of_a_file_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(
        "dataset: demo\nspaces: {}\nspace:\n  optimizer.lr: {log_unifrom: [1e-4, 1e-2]}\n  epoch: {choice: [1]}\n"
    )
    with pytest.raises(ConfigError) as raised:
        load_space(str(path))
    assert raised.value.message.splitlines()[1:] == [
        "  space.optimizer.lr: `log_unifrom` is not a distribution; did you mean `log_uniform`?",
        "  space.epoch: `epoch` is not a key of a trial; did you mean `epochs`?",
        "  spaces: is not a known key; did you mean `space`?",
    ]


@pytest.mark.parametrize(
    ("group", "slip", "meant"), [("budget", "trails", "trials"), ("objective", "metrik", "metric")]
)
def test_a_slip_in_a_group_of_the_space_is_offered_rightly(tmp_path: Path, group: str, slip: str, meant: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(f"dataset: demo\n{group}: {{{slip}: 5}}\nspace: {{}}\n")
    with pytest.raises(ConfigError, match=f"{group}.{slip}: is not a known key") as raised:
        load_space(str(path))
    assert raised.value.hint == f"did you mean `{meant}`?"


def test_file_without_keys_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.yaml"
    path.write_text("- 1")
    with pytest.raises(ConfigError, match="holds no keys"):
        load_space(str(path))


def test_set_key_leaves_other_keys_alone() -> None:
    raw = {"base": {"optimizer": {"name": "sgd"}}}
    set_key(raw, "optimizer.lr", 0.1, "--set optimizer.lr=0.1")
    assert raw["base"]["optimizer"] == {"name": "sgd", "lr": 0.1}


def test_a_data_set_is_a_space_of_one_configuration() -> None:
    spec, _ = load_dataset("image_folder", Overrides(sets=["backbone.width=4", "dataset.path=faces"], epochs=3))
    assert (spec.name, spec.dataset, spec.space) == ("image_folder", {"image_folder": {"path": "faces"}}, {})
    assert spec.base == {"backbone.width": 4, "epochs": 3}


def test_a_wrong_key_of_a_data_set_is_named() -> None:
    with pytest.raises(ConfigError, match="epoch"):
        load_dataset("image_folder", Overrides(sets=["epoch=3"]))


@pytest.mark.parametrize("name", ["train", "clean"])
def test_names_of_commands_that_keep_trainings_are_taken(space: str, name: str) -> None:
    with pytest.raises(ConfigError, match=f"`{name}` is where `ferray` keeps the trainings"):
        load_space(space, Overrides(name=name))


@pytest.mark.parametrize("name", space_names())
def test_a_space_given_in_python_is_that_of_its_file(name: str) -> None:
    of_file, _ = load_space(name)
    raw = {"name": of_file.name, **read_yaml(find_space(name).path)}
    assert [load_space(space)[0] for space in (raw, of_file)] == [of_file, of_file]


@pytest.mark.parametrize("name", space_names())
def test_the_text_of_a_space_given_in_python_reads_as_the_same(name: str, tmp_path: Path) -> None:
    spec, _ = load_space(name)
    (tmp_path / "copy.yaml").write_text(find_space(spec).text)
    assert load_space(str(tmp_path / "copy.yaml"))[0] == spec


def test_a_space_given_in_python_needs_a_name() -> None:
    with pytest.raises(ConfigError, match="the space has no name"):
        load_space({"dataset": "demo"})


def test_the_option_names_a_space_given_in_python() -> None:
    assert load_space({"dataset": "demo"}, Overrides(name="mine"))[0].name == "mine"


def test_a_space_given_in_python_is_left_as_it_was() -> None:
    given = {"name": "mine", "dataset": {"demo": {}}, "base": {"optimizer": {"lr": 0.1}}}
    before = repr(given)
    load_space(given, Overrides(sets=["optimizer.lr=0.2", "dataset.num_val=70"]))
    assert repr(given) == before


@pytest.mark.parametrize("space", [None, 3, ["demo"]])
def test_what_is_no_space_is_refused_with_what_to_give(space: Any) -> None:
    with pytest.raises(ConfigError, match="a space cannot be") as caught:
        find_space(space)
    assert caught.value.hint.startswith("give a name")
