"""The runs of a sweep's trials in W&B: each event goes to the writer of its trial."""

from __future__ import annotations

from collections.abc import Callable
from threading import BoundedSemaphore

from ferray.events import SweepStarted, TrialEnded, TrialStarted
from ferray.track.wandb_runs.client import Client
from ferray.track.wandb_runs.messages import Answer, Closed, Event, Failure, Trouble
from ferray.track.wandb_runs.mode import sync_advice
from ferray.track.wandb_runs.writer import MOST_OPEN, RunWriter, writer_of


class Runs:
    """Told by one thread; `tell` hears how it goes on threads of the writers.

    What a server did not take is no failure, which is what nothing can be written for.
    """

    def __init__(self, client: Client, sweep: SweepStarted, tell: Callable[[Answer], None]) -> None:
        self._client = client
        self._sweep = sweep
        self._tell = tell
        self._writers: dict[int, RunWriter] = {}
        self._last_of: dict[int, RunWriter] = {}  # by root
        self._slots = BoundedSemaphore(MOST_OPEN)

    def handle(self, event: Event) -> None:
        """Pass on one event; those of a trial that was never announced are left out."""
        if isinstance(event, TrialStarted):
            self._start(event)
        elif isinstance(event, TrialEnded):
            if event.number in self._writers:
                self._writers.pop(event.number).tell(event)
        elif event[0] in self._writers:
            self._writers[event[0]].tell(event[1])

    def close(self) -> None:
        """Close the runs of trials that never ended, and wait for all."""
        for writer in self._writers.values():
            writer.tell(None)
        for writer in self._last_of.values():
            writer.join()

    def _start(self, trial: TrialStarted) -> None:
        after = self._last_of.get(trial.root)
        writer = writer_of(self._client, self._sweep, trial, self._ended, slots=self._slots, after=after)
        self._writers[trial.number] = self._last_of[trial.root] = writer

    def _ended(self, trouble: Exception | None) -> None:
        """A run is closed; on its writer's thread."""
        if trouble is not None:
            self._tell(self._named(trouble))
        self._tell(Closed(is_lost=trouble is not None))

    def _named(self, trouble: Exception) -> Trouble | Failure:
        is_the_servers = isinstance(trouble, self._client.wandb.Error | TimeoutError)
        if self._client.mode == "offline" or not is_the_servers:
            return Failure.of(trouble)
        advice = sync_advice(self._client.folder)
        return Trouble(f"a run is not there yet ({type(trouble).__name__}); {advice}")
