"""What every tracker keeps to: subclass `TrackerContract` with a `tracker` fixture, or call `play` with your own."""

from __future__ import annotations

import pytest

from ferray.testing.fake_sweep import RECIPE, TRIALS, FakeTrial, sweep_started, trial_ended, trial_started
from ferray.track import Tracker


def play(tracker: Tracker) -> None:
    """The whole fake sweep in the order of a driver with two slots; trial 6 is still running at the end."""
    tracker.sweep_started(sweep_started(tracker.folder))
    for first, second in zip(TRIALS[:-1:2], TRIALS[1:-1:2], strict=True):
        tracker.trial_started(trial_started(first, tracker.folder))
        play_trial(tracker, second)
        finish_trial(tracker, first)
    tracker.trial_started(trial_started(TRIALS[-1], tracker.folder))


def play_trial(tracker: Tracker, trial: FakeTrial) -> None:
    """One trial from its start to its end."""
    tracker.trial_started(trial_started(trial, tracker.folder))
    finish_trial(tracker, trial)


def finish_trial(tracker: Tracker, trial: FakeTrial) -> None:
    """The epochs and the end of a trial that has started."""
    for report in trial.reports:
        tracker.epoch_ended(trial.number, report)
    tracker.trial_ended(trial_ended(trial))


class TrackerContract:
    """What holds about any tracker. A subclass provides `tracker`, built with an empty folder of its own."""

    def test_watches_a_sweep_with_every_outcome(self, tracker: Tracker) -> None:
        play(tracker)
        tracker.close()

    def test_closing_twice_is_closing_once(self, tracker: Tracker) -> None:
        play(tracker)
        tracker.close()
        tracker.close()

    def test_closes_without_a_sweep(self, tracker: Tracker) -> None:
        tracker.close()

    def test_closes_while_a_trial_runs(self, tracker: Tracker) -> None:
        tracker.sweep_started(sweep_started(tracker.folder))
        tracker.trial_started(trial_started(TRIALS[0], tracker.folder))
        tracker.close()

    def test_leaves_stdout_to_the_results(self, tracker: Tracker, capfd: pytest.CaptureFixture[str]) -> None:
        play(tracker)
        tracker.close()
        assert capfd.readouterr().out == ""

    def test_leaves_the_folders_of_trials_alone(self, tracker: Tracker) -> None:
        play(tracker)
        tracker.close()
        assert list(tracker.folder.glob(f"trials/*-{RECIPE}")) == []

    def test_end_of_a_trial_it_never_saw_start_does_no_harm(self, tracker: Tracker) -> None:
        tracker.sweep_started(sweep_started(tracker.folder))
        finish_trial(tracker, TRIALS[0])
        tracker.close()
