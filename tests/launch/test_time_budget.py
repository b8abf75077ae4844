"""A time budget on both launchers, by a clock that has been running for long when the sweep starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from ferray.events import EpochReport, Listener
from ferray.launch.inline import Inline
from ferray.study.history import load_sweep
from ferray.study.records import TrialRecord
from ferray.sweeps.driver import SweepDriver
from ferray.sweeps.loop import run_trials
from ferray.testing.curves import open_driver, small_spec

EPOCHS = 5
BUDGET = {"trials": 1, "time_s": 60}


class Clock(Listener):
    """Reads a million seconds when the sweep starts, and forty more after every epoch."""

    def __init__(self) -> None:
        self.now = 1e6

    def __call__(self) -> float:
        return self.now

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        self.now += 40


def tiny_sweep(folder: Path, budget: dict[str, int]) -> SweepDriver:
    """One trial of five short epochs on drawn faces, of which three begin in a minute of that clock."""
    clock = Clock()
    base = {"image_size": 32, "backbone": {"tiny_cnn": {"width": 4, "depth": 3}}, "batch_size": 16, "epochs": EPOCHS}
    dataset = {"demo": {"num_train": 70, "num_val": 35, "num_test": 7}}
    driver = open_driver(folder / "tiny", small_spec(base=base, dataset=dataset, space={}, budget=budget), clock)
    driver.clock = clock
    (driver.folder / "trials").mkdir(exist_ok=True)
    return driver


def stop_and_continue(folder: Path, launch: object) -> tuple[TrialRecord, ...]:
    """Run the sweep until its time is up, and once more without such a limit; what its store says then."""
    for budget in (BUDGET, {"trials": 1}):
        driver = tiny_sweep(folder, budget)
        launch(driver)  # type: ignore[operator]
        driver.study.close()
    return load_sweep(folder / "tiny").trials


def epochs_of(folder: Path, trial: TrialRecord) -> list[str]:
    return (folder / "tiny" / trial.folder / "history.jsonl").read_text().splitlines()


def inline(driver: SweepDriver) -> None:
    run_trials(driver, Inline(driver.runtime))


def on_ray(driver: SweepDriver) -> None:
    from ferray.launch.ray import Ray

    run_trials(driver, Ray(driver.runtime))


def test_trials_run_where_the_clock_has_run_for_longer_than_the_budget(tmp_path: Path) -> None:
    assert tiny_sweep(tmp_path, BUDGET).num_left == 1


@pytest.mark.parametrize("launch", [inline, pytest.param(on_ray, marks=pytest.mark.ray)])
def test_trial_that_the_budget_stops_goes_on_where_it_stopped(tmp_path: Path, launch: object) -> None:
    stopped, whole = stop_and_continue(tmp_path, launch)
    assert (stopped.outcome, stopped.epochs, whole.outcome, whole.epochs) == ("interrupted", 3, "completed", EPOCHS)
    assert epochs_of(tmp_path, whole)[:3] == epochs_of(tmp_path, stopped)
