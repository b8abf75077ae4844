"""A sweep whose folder was moved goes on there: nothing in it names the place it was started in."""

from __future__ import annotations

from pathlib import Path

import pytest

from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.events import EpochReport, Listener
from ferray.study.history import load_sweep
from ferray.sweeps.run import run_sweep

SPEC = {
    "name": "tiny",
    "dataset": {"demo": {"num_train": 70, "num_val": 35, "num_test": 7}},
    "budget": {"trials": 2},
    "sampler": "random",
    "pruner": "none",
    "base": {
        "image_size": 32,
        "augment": "none",
        "backbone": {"tiny_cnn": {"width": 4, "depth": 3}},
        "batch_size": 32,
        "epochs": 3,
    },
    "space": {"optimizer.lr": {"log_uniform": [1e-3, 1e-2]}},
}


class InterruptsTrialOne(Listener):
    """Presses Ctrl-C after the second epoch of trial 1."""

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        if (number, report.epoch) == (1, 2):
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Path:
    """A sweep interrupted in its second trial, its `runs` folder moved elsewhere, and continued there."""
    here, there = tmp_path_factory.mktemp("here") / "runs", tmp_path_factory.mktemp("there") / "runs"
    spec = SweepSpec.model_validate(SPEC)
    place = {"launcher": "inline", "trackers": (), "cache_dir": shared_cache}
    with pytest.raises(KeyboardInterrupt):
        run_sweep(spec, Runtime(output=here, **place), listeners=[InterruptsTrialOne()])
    here.rename(there)
    run_sweep(spec, Runtime(output=there, **place))
    assert not here.exists()
    return there / "tiny"


def test_the_interrupted_trial_goes_on_from_its_checkpoint(moved: Path) -> None:
    first, interrupted, retry = load_sweep(moved).trials
    assert (first.outcome, interrupted.outcome, retry.outcome) == ("completed", "interrupted", "completed")
    before = (moved / interrupted.folder / "history.jsonl").read_text().splitlines()
    after = (moved / retry.folder / "history.jsonl").read_text().splitlines()
    assert (len(before), len(after)) == (2, 3)
    assert after[:2] == before  # times included: they were not trained again


def test_every_path_in_the_record_is_found_where_the_folder_is_now(moved: Path) -> None:
    trials = load_sweep(moved).trials
    assert all((moved / trial.folder).is_dir() for trial in trials)
    assert all((moved / trial.checkpoint).is_file() for trial in trials if trial.checkpoint)


def test_no_file_of_the_sweep_names_the_old_place(moved: Path) -> None:
    texts = [path.read_text() for path in moved.rglob("*") if path.suffix in (".journal", ".json", ".jsonl", ".csv")]
    assert not any("/here" in text for text in texts)
