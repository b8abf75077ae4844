"""Several drivers of one study: each with a lease of its own, on PostgreSQL."""

from __future__ import annotations

import os
import signal
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import BaseStorage

from ferray.config.entry import Entry
from ferray.config.place import Place
from ferray.config.sweep import SweepSpec
from ferray.errors import ClusterError, ConfigError, ResumeMismatch
from ferray.events import Outcome, OutcomeKind
from ferray.study.claim import mark, study_of
from ferray.study.history import read_sweep
from ferray.study.lease import STALE_AFTER_S, Lease, Process, leases_in
from ferray.study.records import LEASE_ATTR
from ferray.study.store import open_store
from ferray.study.study import Study, Trial
from ferray.testing.curves import curve_report, open_driver, run_curves, saturating, small_spec

HERE = Process.current()
ELSEWHERE = Process(host="elsewhere", pid=1, place="another kernel", born=1.0)
COMPLETED = Outcome(OutcomeKind.COMPLETED)


def named_spec(trials: int = 10, **changes: Any) -> SweepSpec:
    """A sweep with a name of its own in the shared database."""
    return small_spec(name=f"shared-{uuid.uuid4().hex[:8]}", budget={"trials": trials}, **changes)


@pytest.fixture(scope="module")
def stores(server: str) -> Iterator[list[BaseStorage]]:
    """As three processes would open it: each with a cache and connections of its own."""
    opened = [open_store(Path(), server) for _ in range(3)]
    yield opened
    for store in opened:
        store._backend.engine.dispose()  # type: ignore[attr-defined]  # Optuna's cache around its database


@pytest.fixture(autouse=True)
def no_renewals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ferray.study.lease.RENEW_EVERY_S", 1e6)


class Two:
    """Two drivers of one study, the second of which has joined the first."""

    def __init__(self, stores: list[BaseStorage], spec: SweepSpec) -> None:
        self.stores, self.spec = stores, spec
        self.first = Study(spec, stores[0])
        self.second = Study(spec, stores[1], entry=Entry.JOIN)

    def third(self) -> Study:
        return Study(self.spec, self.stores[2], entry=Entry.JOIN)

    @property
    def stored(self) -> optuna.Study:
        return optuna.load_study(study_name=self.spec.name, storage=self.stores[2])

    def kill(self, study: Study) -> None:
        """Have a driver look as one does whose process has gone from this machine."""
        attrs = self.stored.user_attrs
        key = next(key for key, held in leases_in(attrs).items() if held["token"] == study._drivers.token)
        self.stored.set_user_attr(key, {**attrs[key], "pid": 2**22 + 1, "born": 1.0})

    def outcomes(self) -> list[str]:
        return [trial.outcome for trial in read_sweep(self.stores[2], self.spec.name).trials]


@pytest.fixture
def two(stores: list[BaseStorage]) -> Two:
    return Two(stores, named_spec())


def complete(study: Study, trial: Trial) -> None:
    study.report(trial.number, curve_report(trial.config, 1, saturating))
    study.finish(trial.number, COMPLETED)


def look(study: Study) -> None:
    """Tend as a loop would some seconds later."""
    study._looked = -1e6
    study.tend()


def test_two_drivers_ask_each_number_once_and_no_more_than_the_budget(two: Two) -> None:
    asked = [trial.number for study in (two.first, two.second) * 4 for trial in study.ask_many(2)]
    assert sorted(asked) == list(range(10))


def test_what_another_driver_has_ended_counts_against_the_budget(two: Two) -> None:
    complete(two.first, two.first.ask())
    assert len(two.second.ask_many(10)) == 9


def test_nothing_is_asked_ahead_that_another_driver_may_have_a_worker_for(two: Two) -> None:
    assert two.first.room_ahead == 0


def test_what_one_driver_has_not_begun_when_it_stops_is_begun_by_another_as_it_was_asked(two: Two) -> None:
    begun, waits = two.first.ask_many(2)
    two.first.begin([begun.number])
    assert two.outcomes() == ["running", "waiting"]
    two.first.finish(waits.number, Outcome(OutcomeKind.INTERRUPTED))
    again = two.second.ask()
    assert (again.number, again.config) == (waits.number, waits.config)


def test_what_a_dead_driver_had_not_begun_is_begun_by_another_as_it_was_asked(two: Two) -> None:
    begun, waits = two.second.ask_many(2)
    two.second.begin([begun.number])
    two.kill(two.second)
    look(two.first)
    assert two.outcomes() == ["orphaned", "waiting"]
    _, again = two.first.ask_many(2)  # what had begun goes out first
    assert (again.number, again.config) == (waits.number, waits.config)


def test_each_combination_of_a_grid_is_given_to_one_driver(stores: list[BaseStorage]) -> None:
    rates = [round(0.001 * step, 3) for step in range(1, 7)]
    two = Two(stores, named_spec(6, space={"optimizer.lr": {"grid": rates}}))
    asked = [trial for study in (two.first, two.second) * 3 for trial in study.ask_many(1)]
    assert sorted(trial.params["optimizer.lr"] for trial in asked) == rates


def test_parameters_that_both_were_given_are_asked_once(two: Two) -> None:
    given = [{"optimizer.lr": 0.01}]
    assert (two.first.enqueue(given), two.second.enqueue(given)) == (1, 0)


def test_the_same_recipe_proposed_to_both_is_trained_with_two_seeds(stores: list[BaseStorage]) -> None:
    two = Two(stores, named_spec(2, space={"batch_size": {"choice": [16]}}))
    first, second = two.first.ask(), two.second.ask()
    assert (first.config.recipe, first.config.seed) != (second.config.recipe, second.config.seed)
    assert first.config.recipe == second.config.recipe


def test_drivers_that_begin_at_one_moment_propose_different_trials(two: Two) -> None:
    third = two.third()  # it and the second have seen the same trials: none
    assert two.second.ask().params != third.ask().params


def test_a_trial_says_which_driver_trains_it(two: Two) -> None:
    two.second.ask()
    owner = {"token": two.second._drivers.token, "host": HERE.host, "pid": os.getpid()}
    assert two.stored.trials[0].user_attrs["driver"] == owner


def test_who_joins_leaves_the_trials_of_others_alone(two: Two) -> None:
    running = two.first.ask()
    look(two.third())
    complete(two.first, running)
    assert two.outcomes() == ["completed"]


def test_trials_of_a_dead_driver_are_asked_again_by_the_one_that_is_left(two: Two) -> None:
    left = two.first.ask()
    two.kill(two.first)
    look(two.second)
    again = two.second.ask()
    assert (again.params, again.root, again.resume_folders) == (left.params, left.number, (left.folder,))


def test_trials_of_a_dead_joiner_are_asked_again_by_the_first(two: Two) -> None:
    left = two.second.ask()
    two.kill(two.second)
    look(two.first)
    assert two.first.ask().params == left.params


def test_a_trial_that_died_before_it_was_given_to_anybody_is_forgotten(two: Two) -> None:
    two.stored.ask()
    look(two.first)
    assert sorted(trial.number for trial in two.first.ask_many(20)) == list(range(1, 11))


def test_what_a_dead_driver_was_telling_is_told(two: Two) -> None:
    trial = two.first.ask()
    two.first._live[trial.number].trial.set_user_attr("result", {"outcome": "pruned", "told": None})
    two.kill(two.first)
    look(two.second)
    assert two.outcomes() == ["pruned"]
    assert two.second.num_finished == 1


def test_of_three_one_inherits_and_each_trial_is_asked_again_once(two: Two) -> None:
    third = two.third()
    left = [two.first.ask().params for _ in range(3)]
    two.kill(two.first)
    for study in (two.second, third, two.second, third):
        look(study)
    again = [trial.params for study in (two.second, third) for trial in study.ask_many(2)]
    assert sorted(map(str, again[:3])) == sorted(map(str, left))
    assert str(again[3]) not in map(str, left)


def test_a_driver_that_was_taken_for_dead_ends_with_its_sentence(two: Two) -> None:
    trial = two.second.ask()
    two.kill(two.second)
    look(two.first)
    for act in (lambda: two.second.ask(), lambda: two.second.finish(trial.number, COMPLETED)):
        with pytest.raises(ClusterError, match="another driver has taken over the sweep"):
            act()


def test_a_driver_is_dead_when_its_lease_stands_still_whatever_the_clocks_say(two: Two) -> None:
    now = [0.0]
    two.first._drivers._tick = lambda: now[0]
    Lease(two.first._optuna, lambda: 1e12, ELSEWHERE, key=f"{LEASE_ATTR}-x", token="x").take()
    assert "x" in two.first._drivers.living()
    now[0] = STALE_AFTER_S + 1
    assert "x" not in two.first._drivers.living()


def test_a_driver_lives_while_its_lease_is_renewed_whatever_the_clocks_say(two: Two) -> None:
    now = [0.0]
    two.first._drivers._tick = lambda: now[0]
    other = Lease(two.first._optuna, lambda: 1.0, ELSEWHERE, key=f"{LEASE_ATTR}-x", token="x")
    other.take()
    two.first._drivers.living()
    other.renew()
    now[0] = STALE_AFTER_S + 1
    assert "x" in two.first._drivers.living()


def test_another_start_is_refused_and_told_how_to_help(two: Two) -> None:
    two.first.close()
    Lease(two.second._optuna, process=ELSEWHERE).take(force=True)
    with pytest.raises(ConfigError, match="is being run by process 1 on elsewhere") as caught:
        Study(two.spec, two.stores[2])
    assert "help it with `--join`" in caught.value.hint


def test_another_start_is_refused_while_only_one_that_joined_drives(stores: list[BaseStorage]) -> None:
    two = Two(stores, named_spec())
    two.first.close()
    two.second.close()
    Lease(two.second._optuna, process=ELSEWHERE, key=f"{LEASE_ATTR}-x", token="x").take()
    with pytest.raises(ConfigError, match="is being run by process 1 on elsewhere"):
        Study(two.spec, two.stores[2])


def test_taking_over_ends_all_who_drive(two: Two) -> None:
    Study(two.spec, two.stores[2], entry=Entry.TAKE_OVER)
    for study in (two.first, two.second):
        with pytest.raises(ClusterError, match="another driver has taken over"):
            study.ask()


def test_the_last_to_leave_knows_that_it_is(two: Two) -> None:
    two.first.close()
    two.second.close()
    assert two.first.left_to is not None
    assert (two.first.left_to.pid, two.second.left_to) == (os.getpid(), None)


def test_who_joins_first_begins_the_sweep(stores: list[BaseStorage]) -> None:
    assert Study(named_spec(3), stores[0], entry=Entry.JOIN).ask().number == 0


def test_a_journal_has_one_driver(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`--join` needs a store that several drivers can share"):
        Study(small_spec(), open_store(tmp_path), entry=Entry.JOIN)


def test_a_trial_of_a_dead_driver_is_shown_as_interrupted_while_others_run(two: Two) -> None:
    two.first.ask()
    two.second.ask()
    two.kill(two.second)
    assert two.outcomes() == ["running", "interrupted"]


def test_best_checkpoints_are_kept_over_all_drivers(two: Two, tmp_path: Path, server: str) -> None:
    driver = open_driver(tmp_path / two.spec.name, two.spec, storage=server, entry=Entry.JOIN, keep_best=1)
    driver.start(slots=1)
    weak = driver.next_bundles()[0].jobs[0]
    best = weak.path / "best.pt"
    best.parent.mkdir(parents=True, exist_ok=True)
    best.touch()
    driver.epoch_ended(weak.number, curve_report(weak.trial_config(), 4, lambda *_: 0.1))
    driver.ended(weak.number)
    strong = two.first.ask()
    two.first.report(strong.number, curve_report(strong.config, 4, lambda *_: 0.9))
    two.first.finish(strong.number, COMPLETED)
    driver.study._looked = -1e6
    driver.tend()
    assert not best.exists()


def test_pruners_hear_of_the_trials_of_all_drivers(stores: list[BaseStorage]) -> None:
    two = Two(stores, named_spec(pruner={"median": {"startup_trials": 3}}))
    for _ in range(3):
        trial = two.first.ask()
        for epoch in range(1, 5):
            two.first.report(trial.number, curve_report(trial.config, epoch, lambda *_: 0.9))
        two.first.finish(trial.number, COMPLETED)
    weak = two.second.ask()
    decisions = [two.second.report(weak.number, curve_report(weak.config, epoch, lambda *_: 0.1)) for epoch in (1, 2)]
    assert "stop" in decisions


def test_who_joins_from_another_folder_is_told_to_share_one(two: Two) -> None:
    store = two.stores[2]
    ours = Place(Path("/ours"), two.spec.name, "postgresql://db/ferray", identity="ours", seen=("/ours", "here", 1))
    mark(store, ours)
    theirs = replace(ours, folder=Path("/theirs"), identity="theirs")
    with pytest.raises(ResumeMismatch, match="of `/ours` on here") as caught:
        study_of(store, theirs, Entry.JOIN)
    assert "on a disk that both hosts see" in caught.value.hint
    assert study_of(store, replace(ours, seen=("/ours", "there", 1)), Entry.JOIN) == two.spec.name


MOST_EPOCHS = 49  # of the one that is killed: three trials are then in the middle of their two epochs


def drive(folder: Path, server: str, started: Barrier, most_epochs: int) -> None:
    """A process that drives, and is killed after so many epochs; those that run with the last one end too."""
    spec = small_spec(name=folder.name, budget={"trials": 200}, base={"epochs": 2})
    driver = open_driver(folder, spec, storage=server, entry=Entry.JOIN)
    started.wait()
    run_curves(driver, slots=3, most_epochs=most_epochs)
    if not driver.is_done:
        os.kill(os.getpid(), signal.SIGKILL)
    driver.study.close()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # of 3.12; what is forked here opens all it uses itself
def test_two_drivers_run_200_trials_and_one_killed_leaves_its_own_to_the_other(
    tmp_path: Path, server: str, stores: list[BaseStorage]
) -> None:
    folder, processes = tmp_path / f"killed-{uuid.uuid4().hex[:8]}", get_context("fork")
    started = processes.Barrier(2)
    killed, left = (
        processes.Process(target=drive, args=(folder, server, started, most)) for most in (MOST_EPOCHS, 10**6)
    )
    for process in (killed, left):
        process.start()
    for process in (killed, left):
        process.join()
    assert (killed.exitcode, left.exitcode) == (-signal.SIGKILL, 0)
    trials = optuna.load_study(study_name=folder.name, storage=stores[0]).get_trials()
    assert [trial.number for trial in trials] == list(range(203))
    ended = Counter((trial.state.name, trial.user_attrs["driver"]["pid"]) for trial in trials)
    assert ended[("FAIL", killed.pid)] == 3
    assert ended[("COMPLETE", killed.pid)] == 24  # eight times three, and three that were at their first epoch
    assert ended[("COMPLETE", left.pid)] == 200 - 24
    interrupted = {trial.number for trial in trials if trial.state.name == "FAIL"}
    assert {trial.user_attrs["retry_of"] for trial in trials if "retry_of" in trial.user_attrs} == interrupted
    assert len({str(trial.params) for trial in trials if trial.state.name == "COMPLETE"}) == 200
