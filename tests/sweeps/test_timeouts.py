"""How long trials may wait, start and train before they are taken to hang."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ferray.sweeps.timeouts import LEAST_SILENCE_S, START_LIMIT_S, Clocks, Phase

HOURS = 36_000.0


@dataclass
class Clock:
    time: float = 0.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def clocks(clock: Clock) -> Clocks:
    return Clocks(clock, timeout_s=60.0)


def test_trial_that_waits_for_its_resources_never_hangs(clocks: Clocks, clock: Clock) -> None:
    clocks.enter(0, Phase.WAITS)
    clock.time = HOURS
    assert clocks.overdue() == {}


def test_start_has_a_limit_of_its_own(clocks: Clocks, clock: Clock) -> None:
    clocks.enter(0, Phase.STARTS)
    clock.time = START_LIMIT_S
    assert clocks.overdue() == {}
    clock.time = START_LIMIT_S + 1
    assert clocks.overdue() == {0: "its worker did not start within 600 s"}


def test_time_out_runs_from_the_first_step(clocks: Clocks, clock: Clock) -> None:
    clocks.enter(0, Phase.STARTS)
    clock.time = 100.0
    clocks.enter(0, Phase.TRAINS)
    clock.time = 160.0
    clocks.enter(0, Phase.TRAINS)
    assert clocks.overdue() == {}
    clock.time = 161.0
    assert clocks.overdue() == {0: "no word for 60 s"}


def test_an_epoch_winds_the_clock_up(clocks: Clocks, clock: Clock) -> None:
    clocks.enter(0, Phase.TRAINS)
    clock.time = 50.0
    clocks.hear(0)
    clock.time = 110.0
    assert clocks.overdue() == {}


def test_a_bound_of_its_own_follows_from_the_trials_longest_epoch(clock: Clock) -> None:
    clocks = Clocks(clock)
    clocks.enter(0, Phase.TRAINS)
    for clock.time in (90.0, 130.0):  # epochs of 90 and 40 s
        clocks.hear(0)
    clock.time = 130.0 + 20 * 90
    assert clocks.overdue() == {}
    clock.time += 1
    said = "no word for 1800 s, where its longest epoch took 90.0 s; `--trial-timeout` sets another bound"
    assert clocks.overdue() == {0: said}


def test_short_epochs_may_be_followed_by_minutes_of_silence(clock: Clock) -> None:
    clocks = Clocks(clock)
    clocks.enter(0, Phase.TRAINS)
    clock.time = 0.1
    clocks.hear(0)
    clock.time = LEAST_SILENCE_S
    assert clocks.overdue() == {}
    clock.time += 1
    assert list(clocks.overdue()) == [0]


def test_the_time_in_which_the_driver_itself_was_stopped_is_nobodys_silence(clocks: Clocks, clock: Clock) -> None:
    clocks.enter(0, Phase.TRAINS)
    clocks.overdue()
    clock.time = HOURS
    assert clocks.overdue() == {}
    clock.time += 60.0
    assert clocks.overdue() == {}
    clock.time += 1.0
    assert clocks.overdue() == {0: "no word for 60 s"}


def test_a_first_epoch_may_take_hours(clock: Clock) -> None:
    clocks = Clocks(clock)
    clocks.enter(0, Phase.TRAINS)
    clock.time = HOURS
    assert clocks.overdue() == {}


def test_trial_that_has_ended_hangs_no_more(clocks: Clocks, clock: Clock) -> None:
    clocks.enter(0, Phase.TRAINS)
    clocks.forget(0)
    clock.time = HOURS
    assert clocks.overdue() == {}


def test_a_sweep_waits_while_every_trial_does(clocks: Clocks, clock: Clock) -> None:
    clocks.enter(0, Phase.WAITS)
    clock.time = 10.0
    clocks.enter(1, Phase.WAITS)
    clock.time = 25.0
    assert clocks.all_wait_s() == 15.0


@pytest.mark.parametrize("phase", [Phase.STARTS, Phase.TRAINS])
def test_a_sweep_with_one_trial_at_work_does_not_wait(clocks: Clocks, clock: Clock, phase: Phase) -> None:
    clocks.enter(0, Phase.WAITS)
    clocks.enter(1, phase)
    clock.time = HOURS
    assert clocks.all_wait_s() == 0.0
