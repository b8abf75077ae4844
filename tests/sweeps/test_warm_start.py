"""Whose weights a trial begins with, and what is said where they are gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.errors import ConfigError, SweepFailed
from ferray.study.history import load_sweep
from ferray.sweeps.run import run_sweep
from ferray.sweeps.warm_start import find_parent

BASE = {"image_size": 32, "backbone": {"tiny_cnn": {"width": 4, "depth": 3}}, "batch_size": 16, "epochs": 1}


def sweep(output: Path, name: str, cache: Path, **base: object) -> None:
    """One trial of one epoch on a few drawn faces."""
    data = {"demo": {"num_train": 42, "num_val": 14, "num_test": 7}}
    settings = {**BASE, "augment": "none", **base}
    spec = SweepSpec.model_validate({"name": name, "dataset": data, "budget": {"trials": 1}, "base": settings})
    run_sweep(spec, Runtime(output=output, cache_dir=cache, launcher="inline", device="cpu", trackers=()))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def output(tmp_path: Path, cache: Path) -> Path:
    """A folder with the one-trial sweep `first`."""
    sweep(tmp_path, "first", cache)
    return tmp_path


def test_the_best_trial_is_found_by_the_name_of_its_sweep(output: Path) -> None:
    parent = find_parent("first:best", output)
    assert (parent.sweep, parent.trial, parent.file.name) == ("first", 0, "best.pt")


def test_the_record_names_the_parent(output: Path, cache: Path) -> None:
    sweep(output, "second", cache, init_from="first:0")
    parent = load_sweep(output / "second").trials[0].parent
    assert (parent["sweep"], parent["trial"]) == ("first", 0)


def test_a_deleted_parent_is_named(output: Path) -> None:
    next(output.glob("first/trials/*/best.pt")).unlink()
    with pytest.raises(ConfigError, match=r"`first:best`, whose checkpoint `.*best.pt` is gone"):
        find_parent("first:best", output)


def test_a_deleted_sweep_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`first:best`, and there is no sweep `first` in"):
        find_parent("first:best", tmp_path)


def test_a_trial_that_never_was_is_named(output: Path) -> None:
    with pytest.raises(ConfigError, match="`first:7`, and the sweep has no such trial"):
        find_parent("first:7", output)


def test_a_path_that_is_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        find_parent("nowhere/best.pt", tmp_path)


def test_a_cross_validated_trial_has_no_one_checkpoint(tmp_path: Path, cache: Path) -> None:
    sweep(tmp_path, "folded", cache, folds={"k": 2})
    with pytest.raises(ConfigError, match="kept no one checkpoint"):
        find_parent("folded:best", tmp_path)


def test_a_sweep_of_a_lost_parent_does_not_start(output: Path, cache: Path) -> None:
    with pytest.raises((ConfigError, SweepFailed), match="`first:9`"):
        sweep(output, "second", cache, init_from="first:9")
