"""Who may drive a study."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import psutil
import pytest
from optuna.storages import BaseStorage

from ferray.config.entry import Entry
from ferray.errors import ClusterError, ConfigError, ResumeMismatch
from ferray.events import EpochReport, Outcome, OutcomeKind
from ferray.study.database import open_database
from ferray.study.indexed import IndexedJournalStorage
from ferray.study.journal import Journal
from ferray.study.lease import STALE_AFTER_S, Lease, Process, driver_of
from ferray.study.records import LEASE_ATTR
from ferray.study.replay import Replay
from ferray.study.store import journal_to_read, open_store
from ferray.study.study import Study
from ferray.testing.curves import curve_report, saturating, small_spec

NOW = 1000.0
HERE = Process.current()
ELSEWHERE = Process(host="elsewhere", pid=1, place="another kernel", born=1.0)


class Slow(Journal):
    """A journal on a disk without shared locks: somebody else may write just before this process does."""

    meanwhile: Callable[[], object] | None = None

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        act, self.meanwhile = self.meanwhile, None
        if act is not None:
            act()
        super().append_logs(logs)


@pytest.fixture
def study(tmp_path: Path) -> optuna.Study:
    return optuna.create_study(storage=open_store(tmp_path), study_name="leased")


def held_by(study: optuna.Study, process: Process = ELSEWHERE, *, renewed: float = NOW) -> None:
    """Somebody has taken the lease over, whoever had it."""
    Lease(study, clock=lambda: renewed, process=process).take(force=True)


def lease(study: optuna.Study, *, now: float = NOW, process: Process | None = None) -> Lease:
    return Lease(study, clock=lambda: now, process=process)


def owner(study: optuna.Study) -> str:
    found = driver_of(study.user_attrs, NOW)
    return found.host if found else ""


@pytest.fixture(autouse=True)
def no_renewals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ferray.study.lease.RENEW_EVERY_S", 1e6)


def test_study_without_an_owner_is_taken(study: optuna.Study) -> None:
    taken = lease(study)
    taken.take()
    assert study.user_attrs[LEASE_ATTR]["pid"] == os.getpid()
    taken.release()


def test_released_study_is_free(study: optuna.Study) -> None:
    first = lease(study)
    first.take()
    first.release()
    assert driver_of(study.user_attrs, NOW) is None


def test_released_study_is_taken_again(study: optuna.Study) -> None:
    for _ in range(2):
        taken = lease(study)
        taken.take()
        assert owner(study) == HERE.host
        taken.release()


def test_live_owner_on_another_host_is_respected(study: optuna.Study) -> None:
    held_by(study)
    with pytest.raises(ConfigError, match="process 1 on elsewhere, last heard of 10 s ago"):
        lease(study, now=NOW + 10).take()


def test_take_over_overrules_a_live_owner(study: optuna.Study) -> None:
    held_by(study)
    taken = lease(study)
    taken.take(force=True)
    assert owner(study) == HERE.host
    taken.release()


def test_owner_that_has_been_silent_too_long_is_stale(study: optuna.Study) -> None:
    held_by(study)
    taken = lease(study, now=NOW + STALE_AFTER_S + 1)
    taken.take()
    taken.release()


class Watched:
    """A minute of looking at somebody else's lease, in which nothing waits; `then` is done in its fourth second."""

    def __init__(self, study: optuna.Study, *, then: Callable[[], object] = lambda: None) -> None:
        self.study, self.then = study, then
        self.seconds = 0.0
        self.lines: list[str] = []

    def look(self, *, now: float = NOW) -> str:
        return lease(self.study, now=now).watch(self.lines.append, self._pause)

    def _pause(self, seconds: float) -> None:
        self.seconds += seconds
        if self.seconds == 4.0:
            self.then()


def test_owner_on_another_host_that_renews_no_more_is_watched_for_a_minute_and_taken_over(study: optuna.Study) -> None:
    held_by(study)
    watched = Watched(study)
    taken = lease(study, now=NOW + 5)
    taken.take(but=watched.look(now=NOW + 5))
    assert (watched.seconds, owner(study)) == (60.0, HERE.host)
    assert watched.lines == [
        "`leased` was being run by process 1 on elsewhere, last heard of 5 s ago: "
        "looking for 60 s at most whether it still is"
    ]
    taken.release()


def test_owner_on_another_host_that_renews_is_respected_as_soon_as_it_does(study: optuna.Study) -> None:
    other = Lease(study, clock=lambda: NOW, process=ELSEWHERE)
    other.take()
    watched = Watched(study, then=other.renew)
    with pytest.raises(ConfigError, match="process 1 on elsewhere"):
        watched.look()
    assert watched.seconds == 4.0


def test_owner_on_another_host_that_gives_the_lease_back_meanwhile_is_gone(study: optuna.Study) -> None:
    other = Lease(study, clock=lambda: NOW, process=ELSEWHERE)
    other.take()
    assert Watched(study, then=other.release).look() == ""


@pytest.mark.parametrize("ahead_s", [-300.0, 300.0], ids=["its clock is behind", "its clock is ahead"])
def test_owner_whose_clock_is_minutes_off_is_respected_while_it_renews(study: optuna.Study, ahead_s: float) -> None:
    other = Lease(study, clock=lambda: NOW + ahead_s, process=ELSEWHERE)
    other.take()
    with pytest.raises(ConfigError, match="is being run by"):
        Watched(study, then=other.renew).look()


def test_owner_that_seems_silent_for_minutes_is_watched_for_as_long_as_a_renewal_takes(study: optuna.Study) -> None:
    held_by(study)
    watched = Watched(study)
    watched.look(now=NOW + 300)
    assert watched.seconds == 20.0


@pytest.mark.parametrize(
    ("process", "now"),
    [(replace(HERE, pid=2**22 + 1), NOW), (ELSEWHERE, NOW + 3600)],
    ids=["known to be gone", "silent for an hour"],
)
def test_owner_that_is_surely_gone_is_not_waited_for(study: optuna.Study, process: Process, now: float) -> None:
    held_by(study, process)
    watched = Watched(study)
    assert (watched.look(now=now), watched.seconds, watched.lines) == ("", 0.0, [])


def test_owner_whose_process_is_gone_from_this_host_is_stale_at_once(study: optuna.Study) -> None:
    held_by(study, replace(HERE, pid=2**22 + 1))
    taken = lease(study)
    taken.take()
    taken.release()


def test_number_of_a_dead_process_used_again_does_not_count_as_alive(study: optuna.Study) -> None:
    held_by(study, replace(HERE, pid=os.getppid(), born=1.0))
    taken = lease(study)
    taken.take()
    taken.release()


def test_owner_that_this_user_may_not_look_at_is_alive(study: optuna.Study, monkeypatch: pytest.MonkeyPatch) -> None:
    def hidden(pid: int) -> None:
        raise psutil.NoSuchProcess(pid)

    held_by(study, replace(HERE, pid=os.getppid()))
    monkeypatch.setattr("ferray.study.lease.psutil.Process", hidden)
    with pytest.raises(ConfigError, match="is being run by"):
        lease(study, process=HERE).take()


def test_owner_outlives_a_clock_that_is_set_by_seconds(study: optuna.Study) -> None:
    parent = psutil.Process(os.getppid())
    held_by(study, replace(HERE, pid=parent.pid, born=parent.create_time() + 2))
    with pytest.raises(ConfigError, match="is being run by"):
        lease(study).take()


@pytest.mark.parametrize("pid", [os.getpid(), 2**22 + 1], ids=["number in use", "number not in use"])
def test_owner_in_another_container_of_this_host_is_respected(study: optuna.Study, pid: int) -> None:
    held_by(study, replace(HERE, pid=pid, place="another namespace"))
    with pytest.raises(ConfigError, match="is being run by"):
        lease(study).take()


def test_owner_notices_that_it_was_overruled(study: optuna.Study) -> None:
    first = lease(study)
    first.take()
    held_by(study)
    first.renew()
    assert first.is_lost
    first.release()
    assert owner(study) == "elsewhere"


def test_owner_that_renews_keeps_the_lease(study: optuna.Study) -> None:
    first = lease(study)
    first.take()
    for _ in range(3):
        first.renew()
    assert (first.is_lost, owner(study)) == (False, HERE.host)
    first.release()


def slow_study(folder: Path) -> tuple[optuna.Study, Slow]:
    open_store(folder)
    journal = Slow(folder / "study.journal")
    return optuna.create_study(
        storage=IndexedJournalStorage(journal), study_name="leased", load_if_exists=True
    ), journal


def test_of_two_that_take_a_journals_lease_at_once_one_has_it(tmp_path: Path) -> None:
    study, journal = slow_study(tmp_path)
    journal.meanwhile = lambda: held_by(optuna.load_study(study_name="leased", storage=open_store(tmp_path)))
    with pytest.raises(ConfigError, match="process 1 on elsewhere"):
        lease(study).take()
    assert owner(optuna.load_study(study_name="leased", storage=open_store(tmp_path))) == "elsewhere"
    reader = Replay()
    reader.apply(journal_to_read(tmp_path).read_logs(0))
    (read,) = reader.studies
    assert driver_of(read.user_attrs, NOW) == driver_of(study.user_attrs, NOW)


def test_renewal_that_comes_too_late_does_not_undo_a_take_over(tmp_path: Path) -> None:
    study, journal = slow_study(tmp_path)
    first = lease(study)
    first.take()
    journal.meanwhile = lambda: held_by(optuna.load_study(study_name="leased", storage=open_store(tmp_path)))
    first.renew()
    assert (first.is_lost, owner(study)) == (True, "elsewhere")


def test_take_over_succeeds_though_the_owner_renews_meanwhile(tmp_path: Path) -> None:
    first = lease(optuna.create_study(storage=open_store(tmp_path), study_name="leased"), process=ELSEWHERE)
    first.take()
    study, journal = slow_study(tmp_path)
    journal.meanwhile = first.renew
    lease(study).take(force=True)
    assert owner(study) == HERE.host


def test_of_two_that_take_a_databases_lease_at_once_one_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = optuna.create_study(storage=database(tmp_path), study_name="leased")
    late = lease(study)
    read, acts = late._read, [lambda: held_by(optuna.load_study(study_name="leased", storage=database(tmp_path)))]

    def read_and_be_overtaken() -> dict[str, Any]:
        held = read()
        if acts:
            acts.pop()()
        return held

    monkeypatch.setattr(late, "_read", read_and_be_overtaken)
    with pytest.raises(ConfigError, match="process 1 on elsewhere"):
        late.take()
    assert owner(study) == "elsewhere"


def test_lease_in_a_database_is_renewed_and_released(tmp_path: Path) -> None:
    study = optuna.create_study(storage=database(tmp_path), study_name="leased")
    first = lease(study)
    first.take()
    first.renew()
    assert (first.is_lost, owner(study)) == (False, HERE.host)
    first.release()
    assert owner(study) == ""


def database(folder: Path) -> BaseStorage:
    return open_database(f"sqlite:///{folder}/study.db")


class Overtaken:
    """A driver whose lease somebody else has taken over, and whose trial 0 that one has ended."""

    def __init__(self, folder: Path) -> None:
        self.study = Study(small_spec(), open_store(folder))
        self.trial = self.study.ask()
        Study(small_spec(), open_store(folder), entry=Entry.TAKE_OVER)

    @property
    def report(self) -> EpochReport:
        return curve_report(self.trial.config, 1, saturating)


@pytest.fixture
def overtaken(tmp_path: Path) -> Overtaken:
    return Overtaken(tmp_path)


def test_driver_that_was_overtaken_asks_for_nothing_more(overtaken: Overtaken) -> None:
    with pytest.raises(ClusterError, match="another driver has taken over the sweep `curves`"):
        overtaken.study.ask()


def test_driver_that_was_overtaken_ends_with_its_sentence_at_an_epoch(overtaken: Overtaken) -> None:
    with pytest.raises(ClusterError, match="another driver has taken over the sweep `curves`"):
        overtaken.study.report(0, overtaken.report)


@pytest.mark.parametrize("kind", [OutcomeKind.COMPLETED, OutcomeKind.INTERRUPTED])
def test_driver_that_was_overtaken_ends_with_its_sentence_at_a_trials_end(
    overtaken: Overtaken, kind: OutcomeKind
) -> None:
    for _ in range(2):  # once by itself, and once more while everything is interrupted
        with pytest.raises(ClusterError, match="another driver has taken over the sweep `curves`"):
            overtaken.study.finish(0, Outcome(kind))


def test_search_that_another_driver_began_meanwhile_is_refused_and_the_lease_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtake(*_: object) -> None:
        monkeypatch.undo()
        Study(small_spec(base={"epochs": 5}), open_store(tmp_path)).close()

    monkeypatch.setattr("ferray.study.study.refuse_other_search", overtake)
    with pytest.raises(ResumeMismatch, match=r"base\.epochs"):
        Study(small_spec(), open_store(tmp_path))
    Study(small_spec(base={"epochs": 5}), open_store(tmp_path)).close()
