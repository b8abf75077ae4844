"""Runs that are written side by side, against a client that does nothing: who waits for whom, and what is a failure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from ferray.events import EpochReport
from ferray.testing.fake_sweep import TRIALS, sweep_started, trial_ended, trial_started
from ferray.track.wandb import Runs, Voice
from ferray.track.wandb_runs.open_run import RunEnd
from ferray.track.wandb_runs.payload import RunFacts
from ferray.track.wandb_runs.place import WandbPlace

FOLDER = Path("/data/runs/fake")
FIRST = trial_started(TRIALS[0], FOLDER)


class Refused(Exception):
    """What the client's library raises where its server does not answer."""


@dataclass
class FakeClient:
    """Keeps in order what happened; opening raises `trouble` where there is one."""

    mode: str = "online"
    trouble: Exception | None = None
    happened: list[str] = field(default_factory=list)
    folder: Path = FOLDER
    place: WandbPlace = field(default_factory=WandbPlace)
    wandb: Any = field(default_factory=lambda: SimpleNamespace(Error=Refused))

    def open(self, facts: RunFacts, *, tags: Any) -> FakeRun:
        if self.trouble is not None:
            raise self.trouble
        self.happened.append(f"open {facts.name[:9]}")
        return FakeRun(self, facts)


@dataclass
class FakeRun:
    client: FakeClient
    facts: RunFacts

    def begin(self) -> None:
        """Nothing was said of it before."""

    def log(self, report: EpochReport) -> None:
        """Nothing is kept."""

    def all_removed(self) -> list[list[Any]]:
        return []

    def finish(self, end: RunEnd) -> None:
        self.client.happened.append(f"finish {self.facts.name[:9]} {end.summary['outcome']}")


def runs_of(client: FakeClient, over: Event | None = None) -> Runs:
    return Runs(client, sweep_started(FOLDER), Voice(), over or Event())  # type: ignore[arg-type]


def test_a_trial_that_is_asked_again_waits_until_its_run_is_closed() -> None:
    client = FakeClient()
    runs = runs_of(client)
    runs.handle(FIRST)
    runs.handle(replace(FIRST, number=7, root=0))
    runs.handle(trial_ended(replace(TRIALS[0], number=7)))
    runs.handle(trial_ended(TRIALS[0]))
    runs.close()
    assert client.happened == [
        "open fake-0000",
        "finish fake-0000 completed",
        "open fake-0007",
        "finish fake-0007 completed",
    ]


def test_a_trial_that_never_ended_is_interrupted() -> None:
    client = FakeClient()
    runs = runs_of(client)
    runs.handle(FIRST)
    runs.close()
    assert client.happened[-1] == "finish fake-0000 interrupted"


def test_what_a_server_does_not_take_is_no_failure_and_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    runs = runs_of(FakeClient(trouble=Refused("503")))
    runs.handle(FIRST)
    runs.handle(replace(FIRST, number=1, root=1))
    runs.close()
    assert (runs.failure, runs.num_lost, capsys.readouterr().err.count("a run is not there yet")) == (None, 2, 1)


def test_a_disk_that_takes_nothing_is_a_failure() -> None:
    trouble = OSError("no space left")
    runs = runs_of(FakeClient(mode="offline", trouble=trouble))
    runs.handle(FIRST)
    runs.close()
    assert runs.failure is trouble


def test_nothing_is_begun_once_the_wait_is_over() -> None:
    client, over = FakeClient(), Event()
    over.set()
    runs = runs_of(client, over)
    runs.handle(FIRST)
    runs.close()
    assert client.happened == []


@dataclass
class Opening(FakeClient):
    """Says at each opening whether another run might be opened at the same time."""

    runs: Runs | None = None

    def open(self, facts: RunFacts, *, tags: Any) -> FakeRun:
        assert self.runs is not None
        has_room = self.runs._openings.acquire(blocking=False)
        self.happened.append(f"others {'may' if has_room else 'wait'}")
        if has_room:
            self.runs._openings.release()
        return super().open(facts, tags=tags)


@pytest.mark.parametrize(("mode", "others"), [("offline", "others wait"), ("online", "others may")])
def test_runs_are_opened_one_at_a_time_where_there_is_no_server_to_wait_for(mode: str, others: str) -> None:
    client = Opening(mode)
    client.runs = runs_of(client)
    client.runs.handle(FIRST)
    client.runs.close()
    assert client.happened[0] == others
