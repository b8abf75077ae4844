"""Sweeps of heads on several kinds of features: bundles of one kind, from trials that are asked ahead of workers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ferray.config.job import JobBundle
from ferray.events import Listener, TrialEnded, TrialStarted
from ferray.study.history import load_sweep
from ferray.study.recovery import MOST_BARREN
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


def waiting_in(folder: Path) -> dict[int, dict[str, Any]]:
    """The configurations of the trials that the record shows as waiting, by number."""
    return {trial.number: trial.config for trial in load_sweep(folder).trials if trial.state == "waiting"}


def test_what_no_worker_has_begun_is_shown_as_waiting(tmp_path: Path) -> None:
    driver = heads_driver(tmp_path)
    driver.start(1)
    (bundle,) = driver.next_bundles()
    running = [trial.number for trial in load_sweep(driver.folder).trials if trial.state == "running"]
    assert (running, len(waiting_in(driver.folder))) == (sorted(bundle.numbers), driver.study.num_running - 3)


def test_a_trial_that_a_worker_begins_waits_no_longer(tmp_path: Path) -> None:
    driver = heads_driver(tmp_path)
    driver.start(2)
    begun = {number for _ in range(2) for bundle in driver.next_bundles() for number in bundle.numbers}
    assert len(begun) == 6
    assert not begun & waiting_in(driver.folder).keys()


def test_a_stopped_sweep_interrupts_only_what_had_begun(tmp_path: Path) -> None:
    driver = heads_driver(tmp_path)
    driver.start(1)
    (bundle,) = driver.next_bundles()
    before = waiting_in(driver.folder)
    driver.interrupt()
    ended = [trial.number for trial in load_sweep(driver.folder).trials if trial.state == "interrupted"]
    assert (ended, waiting_in(driver.folder)) == (sorted(bundle.numbers), before)


def test_what_a_killed_driver_had_not_begun_still_waits(tmp_path: Path) -> None:
    killed = heads_driver(tmp_path)
    killed.start(1)
    killed.next_bundles()
    before = waiting_in(killed.folder)
    killed.study.close()
    again = heads_driver(tmp_path)
    assert (waiting_in(again.folder), again.study.num_running) == (before, 0)


def test_a_sweep_goes_on_with_what_waited_as_it_was_asked(tmp_path: Path) -> None:
    first = heads_driver(tmp_path)
    first.start(1)
    (bundle,) = first.next_bundles()
    before = waiting_in(first.folder)
    first.interrupt()
    first.study.close()
    again = heads_driver(tmp_path)
    asked = again.study.ask_many(len(bundle.numbers) + len(before))[len(bundle.numbers) :]
    assert {trial.number: trial.config.to_json() for trial in asked} == before


def test_half_trained_trials_go_on_before_what_waited_the_oldest_first(tmp_path: Path) -> None:
    first = heads_driver(tmp_path)
    first.start(2)
    begun = sorted(number for bundle in first.next_bundles(2) for number in bundle.numbers)
    first.interrupt()
    first.study.close()
    again = heads_driver(tmp_path)
    assert [trial.root for trial in again.study.ask_many(len(begun))] == begun


def test_a_trial_that_kills_its_driver_twice_lets_the_others_go_first(tmp_path: Path) -> None:
    for _ in range(2):
        num_waiting_at_a_death(tmp_path)
    again = heads_driver(tmp_path, budget={"trials": 12})
    assert [trial.root for trial in again.study.ask_many(12)] == [*range(1, 12), 0]


def num_waiting_at_a_death(folder: Path) -> int:
    """Begin one trial of twelve, and die before any epoch of it."""
    killed = heads_driver(folder, budget={"trials": 12})
    killed.study.begin([killed.study.ask().number])
    killed.study.ask_many(killed.num_left)
    killed.study.begin([])
    killed.study.close()
    return len(waiting_in(killed.folder))


def test_what_waits_is_not_given_up_with_a_trial_that_kills_its_driver(tmp_path: Path) -> None:
    assert [num_waiting_at_a_death(tmp_path) for _ in range(MOST_BARREN + 2)] == [11] * (MOST_BARREN + 2)
