"""Runs that are written side by side, against a client that does nothing: who waits for whom, and what is a failure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ferray.events import EpochReport
from ferray.testing.fake_sweep import TRIALS, sweep_started, trial_ended, trial_started
from ferray.track.wandb_runs.messages import Answer, Closed, Failure, Trouble
from ferray.track.wandb_runs.open_run import RunEnd
from ferray.track.wandb_runs.payload import RunFacts
from ferray.track.wandb_runs.place import WandbPlace
from ferray.track.wandb_runs.runs import Runs

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


def runs_of(client: FakeClient, tell: Callable[[Answer], None] = lambda _: None) -> Runs:
    return Runs(client, sweep_started(FOLDER), tell)  # type: ignore[arg-type]


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


def test_what_a_server_does_not_take_is_no_failure_but_lost() -> None:
    told: list[Answer] = []
    runs = runs_of(FakeClient(trouble=Refused("503")), told.append)
    runs.handle(FIRST)
    runs.close()
    trouble, closed = told
    assert isinstance(trouble, Trouble)
    assert trouble.line.startswith("a run is not there yet (Refused); to upload later")
    assert closed == Closed(is_lost=True)


def test_a_disk_that_takes_nothing_is_a_failure() -> None:
    told: list[Answer] = []
    runs = runs_of(FakeClient(mode="offline", trouble=OSError("no space left")), told.append)
    runs.handle(FIRST)
    runs.close()
    assert told == [Failure("no space left"), Closed(is_lost=True)]


def test_a_run_that_arrives_is_closed_and_nothing_else_is_said() -> None:
    told: list[Answer] = []
    runs = runs_of(FakeClient(), told.append)
    runs.handle(FIRST)
    runs.close()
    assert told == [Closed(is_lost=False)]
