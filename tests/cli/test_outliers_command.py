"""`ferray outliers`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ferray.testing.command import Ran, ferray, swept

# Trial 0 watches and removes nothing, trial 1 removes 4 of 84 samples after its first epoch, trial 2 has no rule.
SPACE = """
dataset: {demo: {num_train: 84, num_val: 28, num_test: 7}}
base: {backbone: {tiny_cnn: {width: 4, depth: 3}}, image_size: 32, batch_size: 32, epochs: 1, augment: none}
sampler: random
pruner: none
arms:
  watched: {outliers: {bdr: {start_epoch: 9}}}
  trimmed: {outliers: {trimmed_loss: {fraction: 0.05, start_epoch: 1}}}
  kept: {outliers: none}
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return swept(tmp_path_factory.mktemp("three") / "three.yaml", SPACE)


def outliers(runs: Path, *args: object) -> Ran:
    return ferray("outliers", "three", "--output", runs, *args)


def trial_of(runs: Path, rule: str) -> int:
    configs = sorted((runs / "three" / "trials").glob("*/config.json"))
    return next(number for number, file in enumerate(configs) if rule in json.loads(file.read_text())["outliers"])


def test_the_trial_that_removed_something_is_shown(runs: Path, tmp_path: Path) -> None:
    ran = outliers(runs, "--to", tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert "(trimmed_loss) removed 4 of 84 training samples" in ran.out


def test_files_lie_in_the_trials_folder(runs: Path) -> None:
    document = json.loads(outliers(runs, "--json").out)
    folder = next((runs / "three" / "trials").glob(f"{document['trial']:04d}-*"))
    assert sorted(map(str, (folder / "figures").iterdir())) == sorted(document["files"])


def test_the_removed_are_counted_by_class(runs: Path, tmp_path: Path) -> None:
    document = json.loads(outliers(runs, "--json", "--to", tmp_path).out)
    assert sum(entry["removed"] for entry in document["classes"]) == document["num_removed"] == 4
    assert sum(entry["before"] for entry in document["classes"]) == document["num_train"] == 84


def test_a_trial_that_removed_nothing_says_so(runs: Path, tmp_path: Path) -> None:
    ran = outliers(runs, "--trial", trial_of(runs, "bdr"), "--to", tmp_path)
    assert (ran.code, "(bdr) removed nothing" in ran.out) == (0, True)
    assert (tmp_path / "outliers_variance.png").exists()


def test_a_trial_without_a_rule_says_so(runs: Path, tmp_path: Path) -> None:
    ran = outliers(runs, "--trial", trial_of(runs, "none"), "--to", tmp_path / "new")
    assert (ran.code, "no outlier removal" in ran.out, (tmp_path / "new").exists()) == (0, True, False)


def test_an_unknown_trial_is_an_error(runs: Path) -> None:
    ran = outliers(runs, "--trial", 7)
    assert (ran.code, "`three` has no trial `7`" in ran.err) == (2, True)


def test_a_sweep_that_removed_nothing_is_an_error(runs: Path, tmp_path: Path) -> None:
    bare = tmp_path / "three"
    bare.mkdir()
    (bare / "study.journal").write_bytes((runs / "three" / "study.journal").read_bytes())
    ran = outliers(tmp_path)
    assert (ran.code, "no trial of `three` removed a sample" in ran.err) == (3, True)


def test_without_the_same_data_all_but_the_contact_sheet_is_drawn(runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "three", tmp_path / "three")
    history = next((tmp_path / "three" / "trials").glob(f"{trial_of(runs, 'trimmed_loss'):04d}-*")) / "history.jsonl"
    history.write_text(history.read_text().replace("train/0", "another/0"))
    ran = outliers(tmp_path, "--to", tmp_path / "to")
    assert (ran.code, "warning: no contact sheet: the data has changed" in ran.err) == (0, True)
    assert (tmp_path / "to" / "outliers_classes.png").exists()
    assert not (tmp_path / "to" / "outliers_removed.png").exists()
