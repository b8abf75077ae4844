"""How long trials may wait, start and train before they are taken to hang."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ferray.sweeps.timeouts import LEAST_SILENCE_S, LOOK_S, START_LIMIT_S, Phase, Timeouts

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
def timeouts(clock: Clock) -> Timeouts:
    return Timeouts(clock, timeout_s=60.0)


def test_trial_that_waits_for_its_resources_never_hangs(timeouts: Timeouts, clock: Clock) -> None:
    timeouts.enter(0, Phase.WAITS)
    clock.time = HOURS
    assert timeouts.overdue() == {}


def test_start_has_a_limit_of_its_own(timeouts: Timeouts, clock: Clock) -> None:
    timeouts.enter(0, Phase.STARTS)
    clock.time = START_LIMIT_S
    assert timeouts.overdue() == {}
    clock.time = START_LIMIT_S + 1
    assert timeouts.overdue() == {0: "its worker did not start within 600 s"}


def test_time_out_runs_from_the_first_step(timeouts: Timeouts, clock: Clock) -> None:
    timeouts.enter(0, Phase.STARTS)
    clock.time = 100.0
    timeouts.enter(0, Phase.TRAINS)
    clock.time = 160.0
    timeouts.enter(0, Phase.TRAINS)
    assert timeouts.overdue() == {}
    clock.time = 161.0
    assert timeouts.overdue() == {0: "no word for 60 s"}


def test_an_epoch_winds_the_clock_up(timeouts: Timeouts, clock: Clock) -> None:
    timeouts.enter(0, Phase.TRAINS)
    clock.time = 50.0
    timeouts.epoch_ended(0)
    clock.time = 110.0
    assert timeouts.overdue() == {}


def test_a_bound_of_its_own_follows_from_the_trials_longest_epoch(clock: Clock) -> None:
    timeouts = Timeouts(clock)
    timeouts.enter(0, Phase.TRAINS)
    for clock.time in (90.0, 130.0):  # epochs of 90 and 40 s
        timeouts.epoch_ended(0)
    clock.time = 130.0 + 20 * 90
    assert timeouts.overdue() == {}
    clock.time += 1
    said = "no word for 1800 s, where its longest epoch took 90.0 s; `--trial-timeout` sets another bound"
    assert timeouts.overdue() == {0: said}


def test_short_epochs_may_be_followed_by_minutes_of_silence(clock: Clock) -> None:
    timeouts = Timeouts(clock)
    timeouts.enter(0, Phase.TRAINS)
    clock.time = 0.1
    timeouts.epoch_ended(0)
    clock.time = LEAST_SILENCE_S
    assert timeouts.overdue() == {}
    clock.time += 1
    assert list(timeouts.overdue()) == [0]


def test_the_time_in_which_the_driver_itself_was_stopped_is_nobodys_silence(timeouts: Timeouts, clock: Clock) -> None:
    timeouts.enter(0, Phase.TRAINS)
    timeouts.overdue()
    clock.time = HOURS
    assert timeouts.overdue() == {}
    clock.time += 60.0
    assert timeouts.overdue() == {}
    clock.time += 1.0
    assert timeouts.overdue() == {0: "no word for 60 s"}


def test_a_first_epoch_may_take_hours(clock: Clock) -> None:
    timeouts = Timeouts(clock)
    timeouts.enter(0, Phase.TRAINS)
    clock.time = HOURS
    assert timeouts.overdue() == {}


def test_trial_that_has_ended_hangs_no_more(timeouts: Timeouts, clock: Clock) -> None:
    timeouts.enter(0, Phase.TRAINS)
    timeouts.forget(0)
    clock.time = HOURS
    assert timeouts.overdue() == {}


def test_a_sweep_waits_while_every_trial_does(timeouts: Timeouts, clock: Clock) -> None:
    timeouts.enter(0, Phase.WAITS)
    clock.time = 10.0
    timeouts.enter(1, Phase.WAITS)
    clock.time = 25.0
    assert timeouts.all_wait_s() == 15.0


@pytest.mark.parametrize("phase", [Phase.STARTS, Phase.TRAINS])
def test_a_sweep_with_one_trial_at_work_does_not_wait(timeouts: Timeouts, clock: Clock, phase: Phase) -> None:
    timeouts.enter(0, Phase.WAITS)
    timeouts.enter(1, phase)
    clock.time = HOURS
    assert timeouts.all_wait_s() == 0.0


def test_trials_are_known_by_their_phase(timeouts: Timeouts) -> None:
    timeouts.enter(0, Phase.WAITS)
    timeouts.enter(1, Phase.STARTS)
    timeouts.epoch_ended(2)
    assert [timeouts.numbers_in(phase) for phase in Phase] == [[0], [1], [2]]


def test_turns_within_a_second_look_at_the_trials_once(clock: Clock) -> None:

    timeouts = Timeouts(clock)
    timeouts.enter(0, Phase.STARTS)
    clock.time = START_LIMIT_S + 1
    assert list(timeouts.overdue()) == [0]
    clock.time += LOOK_S / 2
    assert timeouts.overdue() == {}
    clock.time += LOOK_S
    assert list(timeouts.overdue()) == [0]
