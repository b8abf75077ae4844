"""`--watch`: a sweep that runs elsewhere, followed from its store until its driver has left it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ferray.cli.terminal.output import say
from ferray.cli.terminal.standing import Row, Standing
from ferray.config.place import JOURNAL_NAME
from ferray.errors import ClusterError
from ferray.events import OutcomeKind
from ferray.results.blinding import num_asked
from ferray.study.records import SweepRecord, TrialRecord

if TYPE_CHECKING:
    from ferray.study.history import SweepReader

LOOK_S = 2.0  # between two looks at a journal, of which only the new lines are read
LOOK_AT_DATABASE_S = 5.0


class View(Protocol):
    """Shows a sweep while it is followed."""

    def show(self, record: SweepRecord, standing: Standing, ended: list[TrialRecord]) -> None:
        """The sweep as of now; `ended` are the trials that have ended since the last time, all of them at first."""

    def close(self) -> None:
        """Nothing more will be shown."""


class Follower:
    """Turns records of one sweep, read one after another, into its standing and the trials that have ended."""

    def __init__(self, record: SweepRecord, trials: int | None, now: float) -> None:
        self.standing = Standing(record.metric, record.mode, trials, slots=0, began=now, knows_latest=False)
        self.standing.pace.began = now
        self._known: set[int] = set()

    def update(self, record: SweepRecord, now: float) -> list[TrialRecord]:
        """Go on to the next record; the trials that have ended since the one before."""
        ended = []
        self.standing.waiting = sum(trial.state == "waiting" for trial in record.trials)
        for trial in record.trials:
            if trial.state == "running":
                self._advance(trial, now)
            elif trial.state != "waiting" and trial.number not in self._known:
                self._known.add(trial.number)
                self._end(trial)
                ended.append(trial)
        return ended

    def _advance(self, trial: TrialRecord, now: float) -> None:
        row = self.standing.running.get(trial.number)
        if row is None:
            self.standing.start(Row(trial.number, trial.epochs_asked, trial.told, trial.epochs, None, trial.value))
            return
        for _ in range(trial.epochs - row.epoch):
            self.standing.pace.count(now, {})
        row.epoch, row.best = trial.epochs, trial.value

    def _end(self, trial: TrialRecord) -> None:
        if trial.number not in self.standing.running:
            self.standing.meet(trial.told)
        kind = OutcomeKind.INTERRUPTED if trial.state == "interrupted" else OutcomeKind(trial.outcome)
        self.standing.end(trial.number, kind, trial.value, epochs=trial.epochs)


def watch(folder: Path, storage: str | None, view: View, pause: Callable[[float], None] = time.sleep) -> SweepRecord:
    """Show the sweep in `folder` as it goes on, until nobody drives it or its driver has died; what it was then."""
    from ferray.study.history import SweepReader

    reader = SweepReader(folder, storage)
    wait_s = LOOK_S if (folder / JOURNAL_NAME).is_file() else LOOK_AT_DATABASE_S
    try:
        return _follow(reader, folder, view, lambda: pause(wait_s))
    finally:
        view.close()


def _follow(reader: SweepReader, folder: Path, view: View, pause: Callable[[], None]) -> SweepRecord:
    from ferray.results.progress import with_progress

    record = with_progress(reader.read(), folder)
    follower = Follower(record, num_asked(folder), time.monotonic())
    while True:
        view.show(record, follower.standing, follower.update(record, time.monotonic()))
        if record.driver is None or not record.driver.is_alive:
            return record
        pause()
        record = with_progress(reader.read(), folder)


def conclude(record: SweepRecord, folder: Path) -> None:
    """One line for a sweep that nobody drives: finished, or how it goes on. ClusterError where its driver has died."""
    from ferray.study.found import found_in

    if record.driver is not None:
        message = f"the driver of `{record.name}`, {record.driver.who}, has died"
        raise ClusterError(message, "run the command that started the sweep again to go on")
    finished, asked = found_in(record).finished, num_asked(folder)
    if asked is not None and finished >= asked:
        say(f"`{record.name}` is finished: {finished}/{asked} trials")
        return
    of = "" if asked is None else f" of {asked}"
    say(f"nobody drives `{record.name}`: {finished}{of} trials are finished; the command that started it goes on")
