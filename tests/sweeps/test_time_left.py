"""What a sweep does with the end of its time budget; clocks are fakes that trials move."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ferray.config.trial import TrialConfig
from ferray.events import Listener, TrialEnded, TrialStarted
from ferray.study.history import load_sweep
from ferray.study.records import SweepRecord
from ferray.study.study import Trial
from ferray.sweeps.driver import SweepDriver
from ferray.sweeps.launcher import Event
from ferray.sweeps.loop import run_trials
from ferray.sweeps.time_left import TimeLeft
from ferray.testing.curves import Curves, open_driver, saturating, small_spec

SHORT, LONG = {"tiny_cnn": {"width": 4}}, {"tiny_cnn": {"width": 64}}
COST_S = {4: 1.0, 64: 10.0}  # of an epoch
NAMES = {4: "tiny_cnn width=4", 64: "tiny_cnn width=64"}


def trial(number: int, width: int = 4, epochs: int = 4, **more: Any) -> Trial:
    backbone = {"tiny_cnn": {"width": width}}
    config = TrialConfig.model_validate({"dataset": "demo", "backbone": backbone, "epochs": epochs})
    return Trial(number, config, {"backbone": NAMES[width]}, "", number, **more)


class Time:
    """A budget that is spent by hand."""

    def __init__(self, budget_s: float | None) -> None:
        self.now, self.budget_s = 0.0, budget_s
        self.left = TimeLeft(lambda: self.now, lambda: None if self.budget_s is None else self.budget_s - self.now)

    def run(self, trial: Trial, epoch_s: float, start_s: float = 0.0) -> None:
        self.left.begin(trial)
        self.now += start_s
        for _ in range(trial.config.epochs):
            self.now += epoch_s
            self.left.epoch_ended(trial.number)
        self.left.forget(trial.number)


def after_some(budget_s: float | None) -> Time:
    """Three trials of each width have run, in 132 s."""
    time = Time(budget_s)
    for number in range(6):
        time.run(trial(number, (4, 64)[number % 2]), (1.0, 10.0)[number % 2])
    return time


def test_without_a_budget_no_trial_is_put_by() -> None:
    assert not after_some(None).left.holds(trial(7, 64))


def test_before_anything_is_known_no_trial_is_put_by() -> None:
    assert not Time(0.1).left.holds(trial(0, 64))


def test_a_trial_that_would_not_end_in_time_is_put_by() -> None:
    left = after_some(132 + 20).left
    assert (left.holds(trial(7, 64)), left.holds(trial(8, 4))) == (True, False)


def test_of_a_trial_that_goes_on_the_rest_counts() -> None:
    left = after_some(132 + 15).left
    assert not left.holds(trial(7, 64, done_fraction=0.75))


def test_epochs_that_are_heard_of_together_took_time() -> None:
    time = Time(100)
    time.left.begin(trial(0))
    for passed_s in (10.0, 20.0, 0.0, 10.0):
        time.now += passed_s
        time.left.epoch_ended(0)
    time.left.forget(0)
    time.now = 100 - 25
    assert time.left.reach(trial(1)) == 0.5


def test_what_trials_take_to_begin_counts() -> None:
    time = Time(100)
    for number in range(3):
        time.run(trial(number), 1.0, start_s=20.0)
    time.now = 100 - 10
    assert time.left.reach(trial(4)) == 0.0


def test_the_one_that_comes_furthest_begins_where_none_would_end() -> None:
    time = after_some(132 + 20)
    assert time.left.holds(trial(7, 64, epochs=8))
    assert time.left.holds(trial(8, 64, epochs=4))
    assert time.left.released(num_left=1, most=1) == []  # another may be shorter
    assert [each.number for each in time.left.released(num_left=0, most=1)] == [8]


def test_as_many_begin_as_a_worker_holds_those_that_come_furthest_first() -> None:
    time = after_some(132 + 20)
    assert all(time.left.holds(trial(6 + epochs, 64, epochs=epochs)) for epochs in (8, 3, 4))
    assert [each.number for each in time.left.released(num_left=0, most=2)] == [9, 10]
    assert list(time.left.held) == [14]


def test_a_trial_that_would_end_in_time_after_all_begins_though_others_may_be_asked() -> None:
    time = after_some(132 + 60)
    assert time.left.holds(trial(7, 64, epochs=7))
    for number in range(8, 14):
        time.run(trial(number, 64), 0.5)
    assert [each.number for each in time.left.released(num_left=9, most=1)] == [7]


def test_none_begins_that_would_not_come_to_a_quarter() -> None:
    time = after_some(132 + 20)
    time.left.holds(trial(7, 64, epochs=16))
    assert time.left.released(num_left=0, most=1) == []
    assert time.left.is_useless(num_left=0)


def test_trials_with_stages_are_never_put_by() -> None:
    staged = TrialConfig.model_validate({"dataset": "demo", "epochs": 400, "stages": [{"epochs": 1}, {}]})
    assert not after_some(133).left.holds(Trial(7, staged, {}, "", 7))


class Timed(Curves):
    """Each epoch takes what its width costs; all workers together move the clock by the longest."""

    now = 0.0

    def poll(self) -> Sequence[Event]:
        widths = [job.trial_config().backbone.build_params().width for job, _ in self._running.values()]
        self.now += max((COST_S[width] for width in widths), default=0.0)
        return super().poll()


class Heard(Listener):
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.started: list[int] = []
        self.ended: list[int] = []

    def trial_started(self, trial: TrialStarted) -> None:
        self.started.append(trial.number)

    def trial_ended(self, trial: TrialEnded) -> None:
        self.ended.append(trial.number)

    def noted(self, line: str) -> None:
        self.lines.append(line)


def swept(
    folder: Path, *listeners: Listener, time_s: float, options: Sequence[Any] = (SHORT, LONG), each: int = 1
) -> SweepRecord:
    """A sweep of trials of 4 s and of 40 s, as the sampler has them, in so much time, so many at a time in a worker."""
    spec = small_spec(
        budget={"trials": 100, "time_s": time_s}, space={"backbone": {"one_of": list(options)}}, base={"epochs": 4}
    )
    driver: SweepDriver = open_driver(folder / spec.name, spec, *listeners, trials_per_worker=each)
    launcher = Timed(driver.runtime, saturating)
    driver.clock = lambda: launcher.now
    run_trials(driver, launcher)
    driver.study.close()
    return load_sweep(folder / spec.name)


def widths(record: SweepRecord, state: str) -> list[int]:
    return [trial.config["backbone"]["tiny_cnn"]["width"] for trial in record.trials if trial.state == state]


def test_what_is_left_goes_to_trials_that_end_in_it(tmp_path: Path) -> None:
    record = swept(tmp_path, time_s=100)
    assert widths(record, "complete").count(4) > widths(record, "complete").count(64)
    assert [trial.epochs for trial in record.trials if trial.state == "interrupted" and trial.epochs] == []


def test_what_is_put_by_fills_the_worker_that_it_begins_in(tmp_path: Path) -> None:
    record = swept(tmp_path, time_s=100, options=[LONG], each=3)
    assert [trial.epochs for trial in record.trials if trial.state == "interrupted" and trial.epochs] == [2, 2, 2]


def test_nobody_hears_of_trials_that_were_put_by_and_never_began(tmp_path: Path) -> None:
    heard = Heard()
    record = swept(tmp_path, heard, time_s=125, options=[LONG])
    begun = {trial.number for trial in record.trials if trial.epochs}
    assert heard.started == heard.ended == sorted(begun)


def test_a_sweep_ends_early_where_no_trial_would_come_to_anything(tmp_path: Path) -> None:
    heard = Heard()
    record = swept(tmp_path, heard, time_s=125, options=[LONG])
    assert widths(record, "complete") == [64, 64, 64]
    assert any("5 s that are left no trial comes to a quarter of its epochs" in line for line in heard.lines)


def test_what_was_put_by_waits_for_the_next_command(tmp_path: Path) -> None:
    first = swept(tmp_path, time_s=125, options=[LONG])
    again = swept(tmp_path, time_s=1000, options=[LONG])
    waited = [trial.number for trial in first.trials if trial.state == "waiting"]
    assert waited
    assert {trial.state for trial in again.trials if trial.number in waited} == {"complete"}


def test_a_trial_is_stopped_within_an_epoch_of_the_end(tmp_path: Path) -> None:
    record = swept(tmp_path, time_s=115, options=[LONG])
    epochs = [trial.epochs for trial in record.trials]
    assert pytest.approx(sum(epochs) * 10.0) == 120.0  # the twelfth epoch ends after 115 s
