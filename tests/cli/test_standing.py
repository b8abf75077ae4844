"""How a running sweep stands: counts, what differs between trials, time left."""

from __future__ import annotations

from typing import Any

import pytest

from ferray.cli.terminal.standing import Row, Standing, duration
from ferray.events import OutcomeKind

ONE_EPOCH = {"seconds": 10.0, "images_per_s": 50.0}


def standing(trials: int = 4, **others: Any) -> Standing:
    return Standing(metric="val/uar", mode="max", trials=trials, slots=2, began=0.0, **others)


def running(number: int, epochs: int = 10, **params: Any) -> Row:
    return Row(number, epochs, params)


def test_running_epochs_count_for_the_time_left() -> None:
    sweep = standing(trials=1)
    sweep.start(running(0))
    sweep.advance(0, epoch=4, value=0.5, is_best=True)
    sweep.pace.count(100.0, ONE_EPOCH)  # one epoch in the ten seconds before, six are left
    assert sweep.seconds_left(100.0) == 6 * 10.0


def test_the_time_left_counts_down_between_epochs() -> None:
    sweep = standing(trials=1)
    sweep.start(running(0, epochs=5))
    sweep.pace.count(10.0, ONE_EPOCH)
    assert [sweep.seconds_left(now) for now in (10.0, 13.0, 99.0)] == [50.0, 47.0, 0.0]


def test_trials_not_begun_are_as_long_as_those_seen() -> None:
    sweep = standing(trials=3)
    sweep.start(running(0, epochs=2))
    sweep.start(running(1, epochs=4))
    sweep.pace.count(10.0, ONE_EPOCH)  # 2 + 4 epochs run, 3 for the one that waits
    assert sweep.seconds_left(10.0) == 9 * 10.0


def test_a_pruned_trial_makes_those_to_come_shorter() -> None:
    sweep = standing(trials=3)
    sweep.start(running(0, epochs=10))
    sweep.advance(0, epoch=2, value=0.1, is_best=True)
    sweep.pace.count(10.0, ONE_EPOCH)
    sweep.end(0, OutcomeKind.PRUNED, 0.1, epochs=2)
    sweep.start(running(1, epochs=2))
    assert sweep.seconds_left(10.0) == (2 + 2) * 10.0


def test_nothing_is_promised_before_the_first_epoch() -> None:
    sweep = standing()
    sweep.start(running(0))
    assert sweep.seconds_left(60.0) is None


def test_a_time_budget_bounds_the_time_left() -> None:
    sweep = standing(trials=100, until=50.0)
    sweep.start(running(0))
    sweep.pace.count(10.0, ONE_EPOCH)
    assert sweep.seconds_left(20.0) == 30.0


def test_an_interrupted_trial_is_not_finished() -> None:
    sweep = standing()
    sweep.start(running(0))
    sweep.end(0, OutcomeKind.INTERRUPTED, None, epochs=2)
    assert (sweep.finished, sweep.ended[OutcomeKind.INTERRUPTED]) == (0, 1)


@pytest.mark.parametrize(("mode", "best"), [("max", (1, 0.7)), ("min", (0, 0.4))])
def test_the_best_is_that_of_complete_trials(mode: str, best: tuple[int, float]) -> None:
    sweep = Standing(metric="m", mode=mode, trials=4, slots=2, began=0.0)
    for number, kind, value in [
        (0, OutcomeKind.COMPLETED, 0.4),
        (1, OutcomeKind.COMPLETED, 0.7),
        (2, OutcomeKind.PRUNED, 0.9),
        (3, OutcomeKind.PRUNED, 0.1),
    ]:
        sweep.start(running(number))
        sweep.end(number, kind, value, epochs=2)
    assert sweep.best == best


def test_only_parameters_that_differ_are_shown() -> None:
    sweep = standing()
    sweep.start(running(0, lr=1e-3, head="linear", epochs=3))
    sweep.start(running(1, lr=2e-3, head="linear", epochs=4))
    assert sweep.differing(sweep.running[1].params) == {"lr": 2e-3}


def test_a_parameter_that_some_trials_lack_differs() -> None:
    sweep = standing()
    sweep.start(running(0, head="linear", dropout=0.5))
    sweep.start(running(1, head="linear"))
    assert sweep.differing(sweep.running[0].params) == {"dropout": 0.5}


def test_a_lone_trial_shows_all_that_is_searched() -> None:
    sweep = standing()
    sweep.start(running(0, lr=1e-3))
    assert sweep.differing(sweep.running[0].params) == {"lr": 1e-3}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (7.4, "7 s"),
        (59, "59 s"),
        (59.7, "1 min 00 s"),
        (128, "2 min 10 s"),
        (299, "5 min 00 s"),
        (432, "7 min"),
        (3900, "1 h 05 min"),
    ],
)
def test_durations_are_as_exact_as_an_estimate(seconds: float, text: str) -> None:
    assert duration(seconds) == text
