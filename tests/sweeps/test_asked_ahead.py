"""Sweeps of heads on several kinds of features: bundles of one kind, from trials that are asked ahead of workers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ferray.config.job import JobBundle
from ferray.events import Listener, TrialEnded, TrialStarted
from ferray.study.history import load_sweep
from ferray.sweeps.driver import SweepDriver
from ferray.testing.curves import open_driver, run_curves, small_spec

HEADS = {"finetune": "head", "augment": "none", "head": "linear", "epochs": 2}


HEAD_SPACE = {"image_size": {"choice": [32, 40, 48, 56]}, "optimizer.lr": {"log_uniform": [1e-5, 1e-1]}}


class Recorder(Listener):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def trial_started(self, trial: TrialStarted) -> None:
        self.heard.append(f"start {trial.number}")

    def trial_ended(self, trial: TrialEnded) -> None:
        self.heard.append(f"end {trial.number}")

    def noted(self, line: str) -> None:
        self.heard.append(line)


def heads_driver(folder: Path, *listeners: Listener, **spec: Any) -> SweepDriver:
    """A sweep of heads on four kinds of features, three of them a worker."""
    asked = {"base": HEADS, "space": HEAD_SPACE, "budget": {"trials": 40}, **spec}
    return open_driver(folder / "heads", small_spec(**asked), *listeners, trials_per_worker=3, device="cpu")


def sizes_of(bundles: Sequence[JobBundle]) -> list[list[int]]:
    return [[job.config["image_size"] for job in bundle.jobs] for bundle in bundles]


def test_trials_are_asked_before_there_is_a_worker_until_bundles_are_full(tmp_path: Path) -> None:
    driver = heads_driver(tmp_path)
    driver.start(1)
    (bundle,) = sizes_of(driver.next_bundles())
    assert len(bundle) == 3
    assert len(set(bundle)) == 1


def test_no_worker_waits_for_a_bundle_to_fill(tmp_path: Path) -> None:
    driver = heads_driver(tmp_path, budget={"trials": 5})
    driver.start(4)
    first = driver.next_bundles(4)
    assert (driver.num_to_begin, len(first)) == (0, len({tuple(sizes) for sizes in sizes_of(first)}))


def test_sweep_of_heads_trains_its_whole_budget(tmp_path: Path) -> None:
    driver = heads_driver(tmp_path)
    run_curves(driver, slots=2)
    assert [trial.state for trial in load_sweep(driver.folder).trials] == ["complete"] * 40


def test_nobody_hears_of_a_trial_before_it_begins(tmp_path: Path) -> None:
    recorder = Recorder()
    driver = heads_driver(tmp_path, recorder)
    driver.start(1)
    (bundle,) = driver.next_bundles()
    assert recorder.heard == [f"start {number}" for number in bundle.numbers]


def test_trials_that_have_not_begun_end_with_a_line_for_all(tmp_path: Path) -> None:
    recorder = Recorder()
    driver = heads_driver(tmp_path, recorder, budget={"trials": 8, "time_s": 10})
    now = [0.0]
    driver.clock = lambda: now[0]
    driver.start(1)
    (bundle,) = driver.next_bundles()
    recorder.heard.clear()
    now[0] = 11.0
    driver.tend()
    left = 8 - len(bundle.numbers)
    assert recorder.heard == [f"{left} trials asked and not begun will be asked again"]


def test_what_a_killed_driver_has_asked_and_not_begun_is_asked_again(tmp_path: Path) -> None:
    killed = heads_driver(tmp_path, budget={"trials": 12})
    run_curves(killed, most_epochs=4)
    killed.study.close()
    again = heads_driver(tmp_path, budget={"trials": 12})
    run_curves(again)
    trials = load_sweep(again.folder).trials
    asked, trained = trials[:12], [trial for trial in trials if trial.state == "complete"]
    assert sorted(trial.params["optimizer.lr"] for trial in trained) == sorted(
        trial.params["optimizer.lr"] for trial in asked
    )


def test_arms_of_a_grid_that_share_features_go_out_together(tmp_path: Path) -> None:
    grid = {"space": {"image_size": {"grid": [32, 40, 48, 56]}}, "seeds": 6, "budget": {"trials": 24}, "sampler": "tpe"}
    driver = heads_driver(tmp_path, **grid)
    driver.start(2)
    assert sizes_of(driver.next_bundles(2)) == [[32, 32, 32], [40, 40, 40]]


def test_after_a_death_before_any_epoch_no_more_are_asked_than_workers_hold(tmp_path: Path) -> None:
    killed = heads_driver(tmp_path)
    killed.start(1)
    killed.next_bundles()
    killed.study.close()
    again = heads_driver(tmp_path)
    again.start(1)
    again.next_bundles()
    assert again.study.num_running == 3
