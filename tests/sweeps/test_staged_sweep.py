"""Sweeps of trials in stages that really train: what they gain, and that a killed driver loses nothing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ferray.artifacts.history import read_history
from ferray.artifacts.sweep import SweepArtifacts
from ferray.artifacts.trial import TrialArtifacts
from ferray.config.runtime import Runtime
from ferray.config.trial import TrialConfig
from ferray.events import Listener
from ferray.launch.inline import Inline
from ferray.results.arms import trials_by_arm
from ferray.stats.differences import paired_seeds
from ferray.study.history import load_sweep
from ferray.study.records import SweepRecord, TrialRecord
from ferray.sweeps.launcher import Event
from ferray.sweeps.loop import run_trials
from ferray.testing.curves import Killed, open_driver, small_spec
from ferray.testing.notes import Notes

SMALL = {"image_size": 32, "augment": "none", "backbone": {"tiny_cnn": {"width": 8, "depth": 3}}, "batch_size": 16}
FEW = {"demo": {"num_train": 42, "num_val": 140, "num_test": 7, "label_noise": 0}}
MANY = {"demo": {"num_train": 420, "num_val": 14, "num_test": 7, "label_noise": 0, "seed": 5}}
FIRST = {"dataset": MANY, "seed": 0, "epochs": 6, "optimizer.lr": 4e-3}
TIMES = ("seconds", "images_per_s")


class KilledAfter(Inline):
    """Trains in this process, which is gone after so many epochs, of whichever stage."""

    def __init__(self, runtime: Runtime, most_epochs: int) -> None:
        super().__init__(runtime)
        self._epochs_left = most_epochs

    def poll(self) -> Sequence[Event]:
        if self._epochs_left == 0:
            raise Killed
        self._epochs_left -= 1
        return super().poll()


def sweep(folder: Path, *listeners: Listener, most_epochs: int = 10**6, **changes: Any) -> SweepRecord:
    """What the record holds once the sweep has ended, or was killed."""
    spec = small_spec(**{"dataset": FEW, "space": {}, "base": SMALL, **changes})
    driver = open_driver(folder / "curves", spec, *listeners, device="cpu")
    (driver.folder / "trials").mkdir(exist_ok=True)
    with suppress(Killed):
        run_trials(driver, KilledAfter(driver.runtime, most_epochs))
    driver.study.close()
    return load_sweep(driver.folder)


@pytest.fixture(scope="module")
def arms(tmp_path_factory: pytest.TempPathFactory) -> tuple[SweepRecord, list[str]]:
    """One stage against two with three seeds; the first stage is the same for all seeds."""
    notes = Notes()
    last = {"epochs": 4, "optimizer.lr": 4e-3}
    both = {"one": last, "two": {"stages": [FIRST, last]}}
    objective = {"metric": "val/accuracy", "epoch": "last"}
    folder = tmp_path_factory.mktemp("arms")
    record = sweep(folder, notes, arms=both, seeds=3, objective=objective, budget={"trials": 6})
    return record, notes.lines


def values(trials: dict[int, TrialRecord]) -> list[float]:
    return [trial.value for trial in trials.values() if trial.value is not None]


def test_a_first_stage_on_more_faces_gains_and_the_gain_has_an_interval(arms: tuple[SweepRecord, list[str]]) -> None:
    found = trials_by_arm(arms[0])
    gain = paired_seeds(values(found["two"]), values(found["one"]))
    assert gain.num_pairs == 3
    assert gain.interval is not None
    assert gain.interval[0] < gain.value < gain.interval[1]
    assert gain.value > 0


def test_the_first_stage_is_trained_once_for_all_seeds(arms: tuple[SweepRecord, list[str]]) -> None:
    ended = [line for line in arms[1] if "stage 1 of 2 (demo) has ended" in line]
    assert len(ended) == 1
    parents = [trial.parent for trial in trials_by_arm(arms[0])["two"].values()]
    assert len({parent["path"] for parent in parents}) == 1
    assert len({parent["trial"] for parent in parents}) == 1


def test_the_record_names_the_data_of_both_stages(arms: tuple[SweepRecord, list[str]]) -> None:
    config = TrialConfig.model_validate(trials_by_arm(arms[0])["two"][0].config)
    numbers = [stage.dataset.params["num_train"] for stage in (*config.earlier_stages, config)]
    assert numbers == [420, 42]


def lasting(record: SweepRecord, folder: Path) -> list[dict[str, Any]]:
    """Every epoch of the last attempt at the one trial, less the times."""
    reports = read_history(SweepArtifacts(str(folder / "curves")).trial(record.trials[-1].folder))
    return [{key: value for key, value in report.metrics.items() if key not in TIMES} for report in reports]


def stage_epochs(folder: Path) -> list[dict[str, Any]]:
    (stage,) = (folder / "curves/trials").glob("stage-*")
    reports = read_history(TrialArtifacts.at(str(stage)))
    return [{key: value for key, value in report.metrics.items() if key not in TIMES} for report in reports]


TINY = {"demo": {"num_train": 28, "num_val": 14, "num_test": 7}}
TWO_STAGES = [{"dataset": {"demo": {**TINY["demo"], "seed": 5}}}, {"augment": "light", "mixup": {}}]
ONE = {
    "dataset": TINY,
    "base": {**SMALL, "epochs": 2, "ema": {}, "clip": {}, "stages": TWO_STAGES},
    "budget": {"trials": 1},
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The epochs of both stages of a trial that nothing interrupts."""
    folder = tmp_path_factory.mktemp("whole")
    record = sweep(folder, **ONE)
    return stage_epochs(folder), lasting(record, folder)


@pytest.mark.parametrize("killed_after", [1, 3])
def test_a_driver_killed_in_any_stage_goes_on_bit_for_bit(
    tmp_path: Path, whole: tuple[list[dict[str, Any]], list[dict[str, Any]]], killed_after: int
) -> None:
    sweep(tmp_path, most_epochs=killed_after, **ONE)
    record = sweep(tmp_path, **ONE)
    assert record.trials[-1].state == "complete"
    assert (stage_epochs(tmp_path), lasting(record, tmp_path)) == whole
