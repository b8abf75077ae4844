"""`ferray show trial` prints what is read back: by `--set` as the same trial, by `--enqueue` as the same parameters."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ferray.apps.trial_document import trial_document
from ferray.config.load import load_space
from ferray.config.overrides import Overrides
from ferray.config.parameter_sets import load_sets
from ferray.config.trial import TrialConfig
from ferray.study.history import load_sweep
from ferray.sweeps.check import valid_corners
from ferray.testing.command import Ran, ferray, swept

SPACE = """
name: tiny
dataset: {demo: {num_train: 35, num_val: 14, num_test: 14}}
budget: {trials: 2}
sampler: random
pruner: none
base: {image_size: 16, augment: none, backbone: {tiny_cnn: {width: 4, depth: 2}}, batch_size: 32, epochs: 1, seed: 7}
space:
  optimizer.lr: {log_uniform: [1e-5, 1e-2]}
  imbalance: {one_of: [{none: {}}, {focal: {gamma: {uniform: [0.5, 4.0]}}}]}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep of two trials in `runs/tiny`, and its space."""
    return swept(tmp_path_factory.mktemp("shown") / "tiny.yaml", SPACE).parent


def shown(folder: Path, number: str, *args: str) -> Ran:
    return ferray("show", "trial", folder / "runs" / "tiny", number, *args)


@pytest.mark.parametrize("number", [0, 1])
def test_set_reads_the_same_configuration_back(folder: Path, number: int) -> None:
    file = folder / f"trial-{number}.yaml"
    file.write_text(shown(folder, str(number)).out)
    spec, _ = load_space(str(folder / "tiny.yaml"), Overrides(sets=[str(file)]))
    trained: TrialConfig = load_sweep(folder / "runs" / "tiny").trials[number].trial_config()
    assert valid_corners(spec) == [trained]


@pytest.mark.parametrize("number", [0, 1])
def test_enqueue_reads_the_same_parameters_back(folder: Path, number: int) -> None:
    file = folder / f"trial-{number}.yaml"
    file.write_text(shown(folder, str(number)).out)
    spec, _ = load_space(str(folder / "tiny.yaml"))
    assert load_sets(file, spec) == [dict(load_sweep(folder / "runs" / "tiny").trials[number].params)]


def test_it_says_which_trial_it_is(folder: Path) -> None:
    assert shown(folder, "0").out.startswith("# trial 0 of tiny: completed, val/uar 0.")


def test_best_is_the_first_of_the_leaderboard(folder: Path) -> None:
    best = json.loads(ferray("leaderboard", folder / "runs" / "tiny", "--json").out)["trials"][0]["number"]
    assert json.loads(shown(folder, "best", "--json").out)["number"] == best


def test_json_has_the_whole_configuration(folder: Path) -> None:
    document = json.loads(shown(folder, "1", "--json").out)
    assert document["config"] == load_sweep(folder / "runs" / "tiny").trials[1].config


@pytest.mark.parametrize("number", ["17", "last"])
def test_a_trial_that_is_not_there_is_refused(folder: Path, number: str) -> None:
    assert shown(folder, number).code == 2


def test_a_list_of_samples_is_named_by_its_file_which_other_sweeps_can_read(folder: Path) -> None:
    trial = load_sweep(folder / "runs" / "tiny").trials[0]
    left_out = replace(trial, config={**trial.config, "exclude": "0123456789abcdef"})
    told = trial_document(left_out, folder / "runs" / "tiny", "val/uar")
    assert f"\n  exclude: {folder}/runs/tiny/excluded-0123456789abcdef.csv\n" in told
