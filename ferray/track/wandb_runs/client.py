"""W&B's client as ferray uses it: runs that are opened, what is asked about them, and its service, ended at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from ferray.system.daemon import Daemon
from ferray.track.wandb_runs.open_run import OpenRun
from ferray.track.wandb_runs.payload import EPOCH, TRIAL_JOB, RunFacts
from ferray.track.wandb_runs.place import WandbPlace

INIT_TIMEOUT_S = 120.0  # a server that takes seconds a request is slow, not gone; the run waits on a thread of its own
ASK_TIMEOUT_S = 60
MOST_EPOCHS = 10_000  # of one trial, as its configuration allows
_SERVICE = "wandb-core"
_KILLED_S = 5.0  # in which a thread notices that the service is gone
_POLL_S = 0.2


class Client:
    """Opens runs of the sweep in `folder`, `online` or `offline`. Any thread may call it, for runs of its own."""

    def __init__(self, wandb: Any, folder: Path, place: WandbPlace, *, mode: str) -> None:
        self.wandb = wandb
        self.folder = folder
        self.place = replace(place, is_online=mode == "online")
        self.mode = mode
        (folder / "wandb").mkdir(parents=True, exist_ok=True)  # or wandb goes elsewhere without a word
        self.place.remember(folder)

    def open(self, facts: RunFacts, *, tags: Sequence[str], finish_timeout_s: float = 0.0) -> OpenRun:
        """The run of these facts, begun or gone on with; an error of wandb's where its server does not take it.

        Without `tags` those stay that a run has which goes on. `finish_timeout_s` bounds its upload when it is
        finished, 0 is as long as it takes.
        """
        run = self.wandb.init(
            entity=self.place.entity or None,
            project=self.place.project,
            group=facts.group,
            job_type=TRIAL_JOB,
            id=facts.id,
            name=facts.name,
            notes=facts.notes,
            tags=tuple(tags) or None,
            config=facts.config,
            dir=str(self.folder),
            mode=self.mode,
            resume="allow",
            reinit="create_new",
            settings=self._settings(finish_timeout_s),
        )
        # wandb's own step is the number of log calls, and starts over when a run goes on.
        run.define_metric("*", step_metric=EPOCH)
        run.define_metric(facts.metric, step_metric=EPOCH, summary=facts.mode)
        run.config.update(facts.config, allow_val_change=True)
        return OpenRun(self.wandb, run, self._epochs_of(run, facts))

    def _settings(self, finish_timeout_s: float) -> Any:
        return self.wandb.Settings(
            silent=True,
            console="off",
            save_code=False,
            init_timeout=INIT_TIMEOUT_S,
            finish_timeout=finish_timeout_s,
            finish_timeout_raises=bool(finish_timeout_s),
            # The driver's own load and package list say nothing of a trial that runs elsewhere.
            x_disable_stats=True,
            x_save_requirements=False,
        )

    def _epochs_of(self, run: Any, facts: RunFacts) -> set[int]:
        """What the run holds already: by its server, or by the files that were written where there is none."""
        if self.mode == "offline":
            return epochs_in_files(self.folder, facts.id, but=Path(run.dir).parent)
        if self.place.entity != run.entity:
            self.place = self.place.at(run.entity)
            self.place.remember(self.folder)
        return epochs_on_server(self.api().run(f"{self.place.path}/{facts.id}")) if run.resumed else set()

    def api(self) -> Any:
        """W&B's own way to ask for runs that are there."""
        return self.wandb.Api(timeout=ASK_TIMEOUT_S)


def epochs_on_server(run: Any) -> set[int]:
    """The epochs whose rows the server has, of a run of its public interface."""
    rows = run.history(keys=[EPOCH], samples=MOST_EPOCHS, pandas=False)
    return {int(row[EPOCH]) for row in rows}


def epochs_in_files(folder: Path, run_id: str, *, but: Path) -> set[int]:
    """The epochs that earlier files of a run of the sweep in `folder` hold, by wandb's own reader of them."""
    places = [path for path in (folder / "wandb").glob(f"*run-*-{run_id}") if path.resolve() != but.resolve()]
    return {epoch for place in places for epoch in _epochs_in(place)}


def _epochs_in(place: Path) -> Iterator[int]:
    """Those of one file, as far as it is whole: a kill may have torn its end."""
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        with suppress(ValueError, TypeError, KeyError):
            record = json.loads(line)
            if record["type"] == "history":
                yield int(record["history"]["item"][EPOCH])


def kill_service() -> None:
    """End wandb's service as if its machine had failed: it says of no run that it is complete."""
    for process in psutil.Process(os.getpid()).children():
        with suppress(psutil.Error):
            if process.name().startswith(_SERVICE):
                process.kill()


def cut_short(thread: Daemon) -> None:
    """Kill wandb's service, also one that is about to start, until `thread` has noticed or some seconds are over."""
    until = time.monotonic() + _KILLED_S
    while thread.is_alive() and time.monotonic() < until:
        kill_service()
        thread.join(_POLL_S)
    if thread.is_alive():
        ending = Daemon("ferray-wandb-leave", leave)  # it waits for a lock that `thread` may hold
        ending.start()
        ending.join(_KILLED_S)


def leave() -> None:
    """End wandb's service now: at the end of the process it would wait for ever, or print why it was killed."""
    import wandb

    with suppress(Exception):
        wandb.teardown()
