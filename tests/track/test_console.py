"""The line a finished trial leaves on stderr."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ferray.events import Found
from ferray.testing.fake_sweep import TRIALS, FakeTrial, sweep_started, trial_ended, trial_started
from ferray.testing.trackers import finish_trial, play_trial
from ferray.track.console import Console


class FakeClock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def lines_of(capsys: pytest.CaptureFixture[str], *trials: FakeTrial) -> list[str]:
    console = Console(Path("runs/fake"), clock=FakeClock())
    console.sweep_started(sweep_started(Path("runs/fake")))
    for trial in trials:
        play_trial(console, trial)
    return capsys.readouterr().err.splitlines()


def test_complete_trial_leaves_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines_of(capsys, TRIALS[0]) == [
        "trial 0    complete     uar 0.500 (best 0.500)  3/3 epochs  resnet18 lr=3.14e-4  0.0 s  [1/7]"
    ]


def test_a_network_is_told_by_its_own_name(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(Path("runs/fake"))
    console.sweep_started(replace(sweep_started(Path("runs/fake")), names={"backbone": {"timm": "vgg11"}}))
    play_trial(console, replace(TRIALS[0], params={**TRIALS[0].params, "backbone": "timm"}))
    assert "  vgg11 lr=" in capsys.readouterr().err


def test_best_stays_that_of_the_complete_trials(capsys: pytest.CaptureFixture[str]) -> None:
    assert "uar 0.500 (best 0.750)" in lines_of(capsys, TRIALS[4], TRIALS[0])[1]


def test_best_is_the_lowest_when_the_objective_is_minimised(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(Path("runs/fake"))
    console.sweep_started(replace(sweep_started(Path("runs/fake")), mode="min"))
    play_trial(console, TRIALS[4])
    play_trial(console, TRIALS[0])
    assert "uar 0.500 (best 0.500)" in capsys.readouterr().err


def test_pruned_trial_shows_how_far_it_came(capsys: pytest.CaptureFixture[str]) -> None:
    assert "pruned       uar 0.250  1/3 epochs" in lines_of(capsys, TRIALS[1])[0]


def test_failed_trial_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines_of(capsys, TRIALS[2])[0].endswith("[1/7]  RuntimeError: out of memory")


def test_failed_trial_has_no_score(capsys: pytest.CaptureFixture[str]) -> None:
    assert "failed       uar -      0/2 epochs" in lines_of(capsys, TRIALS[2])[0]


def test_interrupted_trial_does_not_count_as_finished(capsys: pytest.CaptureFixture[str]) -> None:
    assert "[0/7]" in lines_of(capsys, TRIALS[5])[0]


def test_earlier_trials_count_as_finished(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(Path("runs/fake"))
    console.sweep_started(replace(sweep_started(Path("runs/fake")), finished=4))
    play_trial(console, TRIALS[0])
    assert "[5/7]" in capsys.readouterr().err


def test_seconds_are_those_between_start_and_end(capsys: pytest.CaptureFixture[str]) -> None:
    clock = FakeClock()
    console = Console(Path("runs/fake"), clock=clock)
    console.sweep_started(sweep_started(Path("runs/fake")))
    console.trial_started(trial_started(TRIALS[0], Path("runs/fake")))
    clock.now += 8.1
    finish_trial(console, TRIALS[0])
    assert "  8.1 s  " in capsys.readouterr().err


def test_trial_that_was_never_announced_still_gets_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    Console(Path("runs/fake")).trial_ended(trial_ended(TRIALS[0]))
    assert "3/3 epochs" in capsys.readouterr().err


def test_what_a_trial_began_with_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(Path("runs/fake"))
    console.epoch_ended(3, replace(TRIALS[0].reports[0], note="backbone of tiny_cnn from `best.pt`, head kept"))
    assert capsys.readouterr().err == "trial 3    backbone of tiny_cnn from `best.pt`, head kept\n"


def test_best_goes_on_from_earlier_commands(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(Path("runs/fake"))
    console.sweep_started(replace(sweep_started(Path("runs/fake")), found=Found(best=(9, 0.9))))
    play_trial(console, TRIALS[0])
    assert "uar 0.500 (best 0.900)" in capsys.readouterr().err


def test_what_the_driver_notes_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    Console(Path("runs/fake")).noted("starting Ray on this machine")
    assert capsys.readouterr().err == "starting Ray on this machine\n"
