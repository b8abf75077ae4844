"""Recipes that are proposed more than once, and the seeds that they get."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from ferray.study.history import load_sweep
from ferray.study.records import TrialRecord
from ferray.testing.curves import next_job, open_driver, run_curves, small_spec

NINE = {"batch_size": {"choice": [16, 32, 64]}, "optimizer.lr": {"choice": [0.001, 0.01, 0.1]}}


def trials_of(folder: Path, **changes: object) -> tuple[TrialRecord, ...]:
    driver = open_driver(folder / "curves", small_spec(space=NINE, **changes))
    run_curves(driver)
    driver.study.close()
    return load_sweep(folder / "curves").trials


def seeds(trials: tuple[TrialRecord, ...]) -> Counter[tuple[str, int]]:
    return Counter((trial.recipe, trial.config["seed"]) for trial in trials)


def test_no_recipe_is_trained_twice_with_one_seed(tmp_path: Path) -> None:
    assert set(seeds(trials_of(tmp_path, budget={"trials": 24})).values()) == {1}


def test_a_repeated_recipe_takes_the_seeds_after_its_own(tmp_path: Path) -> None:
    trials = trials_of(tmp_path, base={"seed": 5, "epochs": 4}, budget={"trials": 24})
    most, times = Counter(trial.recipe for trial in trials).most_common(1)[0]
    assert sorted(trial.config["seed"] for trial in trials if trial.recipe == most) == list(range(5, 5 + times))


def test_a_sweep_that_goes_on_remembers_the_seeds(tmp_path: Path) -> None:
    trials_of(tmp_path, budget={"trials": 9})
    assert set(seeds(trials_of(tmp_path, budget={"trials": 24})).values()) == {1}


def test_an_interrupted_repeat_keeps_its_seed(tmp_path: Path) -> None:
    spec = small_spec(space={"batch_size": {"choice": [16]}}, budget={"trials": 2})
    driver = open_driver(tmp_path / "curves", spec)
    jobs = [next_job(driver), next_job(driver)]
    assert [job.config["seed"] for job in jobs if job] == [0, 1]
    driver.interrupt()
    again = [next_job(driver), next_job(driver)]
    assert [job.config["seed"] for job in again if job] == [0, 1]
    driver.interrupt()
    driver.study.close()


def test_searched_seeds_are_those_of_the_space(tmp_path: Path) -> None:
    driver = open_driver(tmp_path / "curves", small_spec(space={}, seeds=2, budget={"trials": 4}))
    run_curves(driver)
    driver.study.close()
    found = [trial.config["seed"] for trial in load_sweep(tmp_path / "curves").trials]
    assert sorted(found) == [0, 0, 1, 1]
