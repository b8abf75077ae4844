"""How long trials may wait, start and train before they are taken to hang."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ferray.clocks import START_LIMIT_S, Clocks, Phase

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


def test_without_a_time_out_training_may_be_silent(clock: Clock) -> None:
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
