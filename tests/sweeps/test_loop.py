"""The loop between the driver and a launcher, over bundles whose trials end in every way."""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ferray.config.job import JobBundle
from ferray.errors import ClusterError
from ferray.events import EpochReport, FailureReason, Listener, Outcome, OutcomeKind, Save, TrialEnded
from ferray.study.history import load_sweep
from ferray.study.journal import Journal
from ferray.study.records import TrialRecord
from ferray.sweeps.driver import SweepDriver
from ferray.sweeps.launcher import Event, Launcher, NotSaved, PhaseEntered, TrialEvent, WorkerLost
from ferray.sweeps.loop import SweepLoop, run_trials
from ferray.sweeps.placement import Placement
from ferray.sweeps.timeouts import Phase
from ferray.testing.curves import curve_report, open_driver, saturating, small_spec

BUG = Outcome(OutcomeKind.FAILED, "index 7 is out of bounds", reason=FailureReason.BUG)
GONE = ClusterError("the cluster is gone")


class Script(Launcher):
    """Starts nothing: what has happened to which trial is written down for each poll."""

    def __init__(self, driver: SweepDriver, slots: int = 1) -> None:
        super().__init__(driver.runtime)
        self.slots = slots
        self.polls: deque[Callable[[], list[Event]]] = deque()
        self.started: list[tuple[int, ...]] = []
        self.dropped: list[tuple[int, Save]] = []
        self.num_stops = 0
        self.unsaved: list[NotSaved] = []

    def check(self) -> Placement:
        return Placement(1, 0.0, self.slots, self.runtime.trials_per_worker)

    @contextmanager
    def opened(self, tell: Callable[[str], None]) -> Iterator[None]:
        yield

    def capacity(self) -> Placement:
        return self.check()

    def start(self, bundle: JobBundle) -> None:
        self.started.append(bundle.numbers)

    def poll(self) -> Sequence[Event]:
        return self.polls.popleft()() if self.polls else []

    def drop(self, number: int, *, save: Save) -> None:
        self.dropped.append((number, save))

    def kill(self, number: int) -> None:
        raise NotImplementedError

    def stop(self) -> Sequence[Event]:
        self.num_stops += 1
        return self.unsaved


class Ends(Listener):
    """The states of trials of whose end listeners are told."""

    def __init__(self) -> None:
        self.states: list[str] = []

    def trial_ended(self, trial: TrialEnded) -> None:
        self.states.append(trial.entry["state"])


class Played:
    """A driver, its launcher and the loop between them."""

    def __init__(self, folder: Path, *listeners: Listener, slots: int = 1, **spec: Any) -> None:
        self.driver = open_driver(folder / "curves", small_spec(**spec), *listeners, trials_per_worker=3)
        self.launcher = Script(self.driver, slots)
        self.loop = SweepLoop(self.driver, self.launcher)
        self.driver.start(slots)

    def turn(self, *events: Event) -> None:
        self.launcher.polls.append(lambda: list(events))
        self.loop.turn()

    def epoch(self, number: int, epoch: int) -> TrialEvent:
        return TrialEvent(number, report_of(self.driver, number, epoch))

    @property
    def records(self) -> tuple[TrialRecord, ...]:
        return load_sweep(self.driver.folder).trials


def report_of(driver: SweepDriver, number: int, epoch: int) -> EpochReport:
    return curve_report(driver._trials[number].config, epoch, saturating)


def test_trials_that_share_a_worker_go_out_together_and_hold_one_slot(tmp_path: Path) -> None:
    played = Played(tmp_path, slots=2)
    played.turn()
    assert played.launcher.started == [(0, 1, 2), (3, 4, 5)]


def test_no_bundle_goes_beyond_the_budget(tmp_path: Path) -> None:
    played = Played(tmp_path, slots=2, budget={"trials": 4})
    played.turn()
    assert played.launcher.started == [(0, 1, 2), (3,)]


def test_slot_is_free_with_the_last_trial_of_its_bundle(tmp_path: Path) -> None:
    played = Played(tmp_path)
    played.turn()
    played.turn(*(played.epoch(number, 4) for number in (0, 1)))
    played.turn(played.epoch(2, 4))
    assert played.launcher.started == [(0, 1, 2)]
    played.turn()
    assert played.launcher.started == [(0, 1, 2), (3, 4, 5)]


def test_one_trial_of_a_bundle_is_pruned_and_the_others_go_on(tmp_path: Path) -> None:
    played = Played(tmp_path, base={"epochs": 8}, pruner={"median": {"startup_trials": 1}})
    played.turn()
    played.turn(*(played.epoch(0, epoch) for epoch in range(1, 9)))
    worse = [TrialEvent(1, curve_report(played.driver._trials[1].config, epoch, lambda *_: 0.0)) for epoch in (1, 2)]
    better = [TrialEvent(2, curve_report(played.driver._trials[2].config, epoch, lambda *_: 0.99)) for epoch in (1, 2)]
    played.turn(*worse, *better)
    assert played.launcher.dropped == [(1, Save.NOTHING)]
    assert [trial.outcome for trial in played.records[:3]] == ["completed", "pruned", "running"]


def test_trial_that_fails_in_a_bundle_leaves_the_others_running(tmp_path: Path) -> None:
    played = Played(tmp_path)
    played.turn()
    played.turn(played.epoch(0, 1), TrialEvent(1, BUG), played.epoch(2, 1))
    assert [trial.outcome for trial in played.records[:3]] == ["running", "failed", "running"]
    assert (played.records[1].outcome, played.records[1].reason) == ("failed", "bug")


def test_second_bug_in_one_process_is_tried_again_apart(tmp_path: Path) -> None:
    played = Played(tmp_path)
    played.turn()
    played.turn(TrialEvent(1, BUG), TrialEvent(2, BUG), played.epoch(0, 4))
    assert [trial.outcome for trial in played.records] == ["completed", "failed", "interrupted"]
    played.turn()
    assert played.driver._trials[3].root == 2
    played.turn(played.epoch(3, 4))
    played.turn()
    assert played.launcher.started == [(0, 1, 2), (3,), (4, 5, 6)]


def test_lost_worker_is_the_fault_of_none_of_its_trials_and_each_goes_on_apart(tmp_path: Path) -> None:
    played = Played(tmp_path)
    played.turn()
    played.turn(WorkerLost((0, 1, 2), FailureReason.WORKER_LOST, "its worker was lost", "killed by SIGSEGV"))
    played.turn()
    assert {trial.outcome for trial in played.records[:3]} == {"interrupted"}
    assert [played.driver.study.num_retries(number) for number in (3, 4, 5)] == [0, 0, 0]
    played.turn(played.epoch(3, 4))
    played.turn(played.epoch(4, 4))
    played.turn()
    assert played.launcher.started == [(0, 1, 2), (3,), (4,), (5,)]


def test_trial_that_takes_its_worker_down_alone_fails_in_the_end(tmp_path: Path) -> None:
    played = Played(tmp_path, budget={"trials": 1})
    for number in range(4):
        played.turn()
        played.turn(WorkerLost((number,), FailureReason.WORKER_LOST, "its worker was lost"))
    assert [trial.outcome for trial in played.records] == ["interrupted"] * 3 + ["failed"]


def test_spent_budget_has_every_trial_of_a_bundle_saved(tmp_path: Path) -> None:
    played = Played(tmp_path, budget={"trials": 5, "time_s": 10})
    now = [0.0]
    played.driver.clock = lambda: now[0]
    played.driver.start(1)
    played.turn()
    now[0] = 11.0
    played.turn(*(played.epoch(number, 1) for number in (0, 1, 2)))
    assert played.launcher.dropped == [(0, Save.LAST), (1, Save.LAST), (2, Save.LAST)]
    assert played.driver.is_done


def test_what_is_told_of_a_trial_that_has_ended_is_passed_over(tmp_path: Path) -> None:
    played = Played(tmp_path)
    played.turn()
    last = played.epoch(0, 4)
    played.turn(last)
    played.turn(last, WorkerLost((0,), FailureReason.WORKER_LOST, "its worker was lost"))
    assert played.records[0].outcome == "completed"


def test_trial_that_cannot_be_saved_at_the_end_is_warned_about(tmp_path: Path) -> None:
    said: list[str] = []
    played = Played(tmp_path, budget={"trials": 1})
    played.driver.listeners.tell_user = said.append
    played.launcher.unsaved = [NotSaved(0, "the disk is full")]
    played.launcher.polls.append(lambda: [played.epoch(0, 4)])
    run_trials(played.driver, played.launcher)
    assert said == ["trial 0 is not saved where it stopped: the disk is full"]
    assert played.launcher.num_stops == 1


def test_ctrl_c_has_what_runs_saved_and_ends_every_trial(tmp_path: Path) -> None:
    def interrupt() -> list[Event]:
        raise KeyboardInterrupt

    played = Played(tmp_path)
    played.launcher.polls.append(interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_trials(played.driver, played.launcher)
    assert played.launcher.num_stops == 1
    assert [trial.outcome for trial in played.records] == ["interrupted"] * 3


def test_driver_that_was_taken_over_from_ends_while_epochs_are_long(tmp_path: Path) -> None:
    played = Played(tmp_path)
    played.turn()
    played.driver.study._drivers._own.is_lost = True
    with pytest.raises(ClusterError, match="another driver has taken over"):
        played.turn()


def test_cluster_that_is_gone_is_asked_to_save_nothing(tmp_path: Path) -> None:
    def lose() -> list[Event]:
        raise GONE

    played = Played(tmp_path)
    played.launcher.polls.append(lose)
    with pytest.raises(ClusterError, match="is gone"):
        run_trials(played.driver, played.launcher)
    assert played.launcher.num_stops == 0
    assert [trial.outcome for trial in played.records] == ["interrupted"] * 3


def test_a_trial_whose_worker_waits_for_resources_is_shown_as_waiting(tmp_path: Path) -> None:
    played = Played(tmp_path, slots=2, budget={"trials": 6})
    played.turn(*(PhaseEntered(number, Phase.WAITS) for number in (3, 4, 5)))
    assert [trial.state for trial in played.records] == ["running"] * 3 + ["waiting"] * 3


def test_a_trial_runs_from_when_its_worker_starts(tmp_path: Path) -> None:
    played = Played(tmp_path)
    played.turn(PhaseEntered(0, Phase.WAITS))
    played.turn(PhaseEntered(0, Phase.STARTS))
    assert played.records[0].state == "running"


def test_a_trial_that_tells_an_epoch_waits_no_longer_whatever_was_heard_of_its_worker(tmp_path: Path) -> None:
    played = Played(tmp_path)
    played.turn(PhaseEntered(0, Phase.WAITS))
    played.turn(played.epoch(0, 1))
    assert played.records[0].state == "running"


def test_a_trial_that_waits_for_resources_keeps_its_number_when_the_sweep_stops(tmp_path: Path) -> None:
    heard = Ends()
    played = Played(tmp_path, heard, budget={"trials": 3})
    played.turn(*(PhaseEntered(number, Phase.WAITS) for number in (1, 2)))
    played.driver.interrupt()
    assert [trial.state for trial in played.records] == ["interrupted", "waiting", "waiting"]
    assert heard.states == ["interrupted", "waiting", "waiting"]


def test_a_stop_is_heard_once_the_record_knows_which_trials_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = Played(tmp_path, budget={"trials": 2})
    played.turn()
    written = Journal.append_logs

    def stopped(journal: Journal, logs: list[dict[str, Any]]) -> None:
        signal.raise_signal(signal.SIGINT)
        written(journal, logs)

    monkeypatch.setattr(Journal, "append_logs", stopped)
    with pytest.raises(KeyboardInterrupt):
        played.turn(PhaseEntered(0, Phase.WAITS))
    assert [trial.state for trial in played.records] == ["waiting", "running"]


def test_a_worker_that_is_lost_had_begun(tmp_path: Path) -> None:
    played = Played(tmp_path, budget={"trials": 1})
    played.turn(PhaseEntered(0, Phase.WAITS))
    played.turn(WorkerLost((0,), FailureReason.WORKER_LOST, "its worker was lost"))
    assert played.records[0].state == "interrupted"
