"""Weights & Biases, from the driver: one run a trial, written on threads of their own so that the sweep never waits."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from itertools import chain
from pathlib import Path
from queue import SimpleQueue
from threading import BoundedSemaphore, Lock
from threading import Event as ThreadEvent
from typing import Any

from ferray.config.place import words_for
from ferray.errors import FerrayError
from ferray.events import EpochReport, SweepStarted, TrialEnded, TrialStarted
from ferray.system.daemon import Daemon
from ferray.system.network import answers
from ferray.text.commands import command
from ferray.text.counting import counted
from ferray.text.sanitize import visible
from ferray.track import Tracker
from ferray.track.wandb_runs.client import Client, cut_short, leave
from ferray.track.wandb_runs.files import files_kept_in
from ferray.track.wandb_runs.place import WandbPlace, add_nothing_at_end
from ferray.track.wandb_runs.writer import MOST_OPEN, RunWriter, writer_of

CLOSE_TIMEOUT_S = 60.0  # what is not sent by then is brought by `ferray sync`
ANSWER_S = 30  # within which a server says whose key it is given
PROGRESS_S = 10.0
_POLL_S = 0.2

Event = TrialStarted | tuple[int, EpochReport] | TrialEnded


class Voice:
    """Speaks to the user once: the first trouble says how to upload later, and what follows from it is no news.

    Never where `WANDB_SILENT` is `true`, as wandb itself.
    """

    def __init__(self) -> None:
        self._is_silent = os.environ.get("WANDB_SILENT", "").lower() == "true"
        self.has_spoken = self._is_silent

    def say(self, text: str) -> None:
        """One line on stderr, unless there was one before."""
        if not self.has_spoken:
            self.has_spoken = True
            self.report(text)

    def report(self, text: str) -> None:
        """One line on stderr, such as how far an upload is."""
        if not self._is_silent:
            print(visible(f"W&B: {text}"), file=sys.stderr, flush=True)


class Wandb(Tracker):
    """Weights & Biases: one run a trial, grouped by sweep, offline where there is no key or no network.

    The driver's thread only puts events into a queue. When writing fails, the next event raises FerrayError there.
    What a slow or broken server did not take is no failure: `ferray sync` brings it.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(folder)
        self._files = ExitStack()
        self._files.enter_context(files_kept_in(folder))
        self._clock = clock
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        self._thread: Daemon | None = None
        self._failure: Exception | None = None
        self._voice = Voice()
        self._runs: Runs | None = None
        self._over = ThreadEvent()  # nothing is waited for any more

    def sweep_started(self, sweep: SweepStarted) -> None:
        # A daemon, so that a second Ctrl-C ends the process whatever wandb is waiting for.
        self._thread = Daemon("ferray-wandb", lambda: self._write(sweep))
        self._thread.start()

    def trial_started(self, trial: TrialStarted) -> None:
        self._send(trial)

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        self._send((number, report))

    def trial_ended(self, trial: TrialEnded) -> None:
        self._send(trial)

    def close(self) -> None:
        """Write what is left, within CLOSE_TIMEOUT_S; FerrayError when writing failed and nobody has heard yet."""
        thread, self._thread = self._thread, None
        with self._files:
            if thread is not None:
                self._events.put(None)
                self._wait_for(thread)
                self._raise_failure()

    def _wait_for(self, thread: Daemon) -> None:
        """Until all is uploaded, the time is up or Ctrl-C is pressed; then no run may be taken for complete."""
        with suppress(KeyboardInterrupt):  # the sweep itself has ended, and what is said next holds
            self._wait_within(thread, self._clock() + CLOSE_TIMEOUT_S)
        if thread.is_alive():
            self._cut_short(thread)
        lost = self._runs.num_lost if self._runs is not None else 0
        if lost or self._over.is_set():
            what = counted(lost, "run is", "runs are") if lost else "the runs are"
            self._voice.report(f"{what} not uploaded whole; {_sync_advice(self.folder)}")

    def _cut_short(self, thread: Daemon) -> None:
        """Have nothing begun any more, and wandb's service killed, also one that is about to start."""
        self._over.set()
        if self._runs is not None:
            self._runs.give_up()
        cut_short(thread)
        add_nothing_at_end(self.folder)

    def _wait_within(self, thread: Daemon, until: float) -> None:
        told = self._clock()
        while thread.is_alive() and self._clock() < until:
            thread.join(_POLL_S)
            if self._clock() - told >= PROGRESS_S and thread.is_alive():
                told = self._clock()
                left = self._runs.num_open if self._runs is not None else 0
                what = f"{counted(left, 'run is', 'runs are')} still uploading" if left else "still busy"
                words = command("sync", *words_for(self.folder))
                self._voice.report(f"{what}, at most {until - told:.0f} s more (Ctrl-C leaves it to `{words}`)")

    def _send(self, event: Event) -> None:
        self._raise_failure()
        if self._thread is not None and self._thread.is_alive():
            self._events.put(event)

    def _raise_failure(self) -> None:
        failure = self._failure or (self._runs.failure if self._runs is not None else None)
        if failure is not None:
            self._failure, self._runs = None, None
            reason = str(failure) or type(failure).__name__
            raise FerrayError(f"W&B cannot be written: {reason}", "the leaderboard does not need it") from failure

    def _until_told(self) -> list[Event | None]:
        """What has happened up to the first epoch or end of a trial, or to the end of all, which is None."""
        held: list[Event | None] = [self._events.get()]
        while isinstance(held[-1], TrialStarted):
            held.append(self._events.get())
        return held

    def _write(self, sweep: SweepStarted) -> None:
        """The thread: decide where to write, then hand one event after the other to its run until None.

        W&B is imported, and its service started, once a trial has something to tell: its seconds of a core are the
        workers' until then.
        """
        held = self._until_told()
        import wandb

        try:
            place = WandbPlace.for_sweep(self.folder)
            mode = choose_mode(wandb, self.folder, self._voice)
            if mode == "disabled":
                add_nothing_at_end(self.folder)
                return
            place.remember(self.folder)
            if mode == "online":
                mode = _answering(wandb, self.folder, self._voice)
            if self._over.is_set():
                return
            self._runs = runs = Runs(Client(wandb, self.folder, place, mode=mode), sweep, self._voice, self._over)
            later: Iterable[Event | None] = iter(self._events.get, None) if held[-1] is not None else ()
            for event in chain(held, later):
                if event is not None:
                    runs.handle(event)
            runs.close()
        except Exception as error:  # told on the driver's thread, where it can be acted on
            self._failure = error
        finally:
            leave()


def choose_mode(wandb: Any, folder: Path, voice: Voice) -> str:
    """`online`, `offline` or `disabled`, said once on stderr; within seconds, whatever the network does.

    What the user set (`WANDB_MODE`, `wandb offline`) counts first; then a key has to be there and the host to answer.
    """
    settings = wandb.setup(wandb.Settings(silent=True)).settings
    if settings.mode == "disabled":
        return "disabled"
    reason = why_offline(wandb, settings)
    if reason:
        voice.say(f"offline ({reason}); {_sync_advice(folder)}")
    return "offline" if reason else "online"


def why_offline(wandb: Any, settings: Any) -> str:
    """Why nothing can be asked of W&B's server, in words; "" where it can."""
    if settings.mode in ("offline", "dryrun"):
        return "as asked"
    try:
        if not wandb.login(prompt=False, verify=False):
            return "no API key"
    except wandb.Error:
        return "the API key is malformed"
    # Whatever it answers: what it thinks of the request is for wandb to sort out.
    return "" if answers(settings.base_url) else "no network"


def _answering(wandb: Any, folder: Path, voice: Voice) -> str:
    """`online` where the server takes the key, else `offline`, said with the reason: before any run is begun."""
    try:
        wandb.Api(timeout=ANSWER_S).viewer  # noqa: B018 (a property that asks)
    except Exception as error:  # whatever it is, the runs are written where they can be
        voice.say(f"offline ({type(error).__name__}: {error}); {_sync_advice(folder)}")
        return "offline"
    return "online"


def _sync_advice(folder: Path) -> str:
    return f"to upload later: `{command('sync', *words_for(folder))}`"


class Runs:
    """The runs of trials: each event goes to the writer of its trial. Told by one thread; asked about by another.

    `failure` is what nothing can be written for; what a server did not take is counted in `num_lost`.
    """

    def __init__(self, client: Client, sweep: SweepStarted, voice: Voice, over: ThreadEvent) -> None:
        self._client = client
        self._sweep = sweep
        self._voice = voice
        self._writers: dict[int, RunWriter] = {}
        self._last_of: dict[int, RunWriter] = {}  # by root
        self._slots = BoundedSemaphore(MOST_OPEN)
        # Without a server to wait for, opening a run is 50 ms of Python: many at once would hold the driver up.
        self._openings = BoundedSemaphore(1 if client.mode == "offline" else MOST_OPEN)
        self._lock = Lock()
        self._over = over
        self.num_open = 0
        self.num_lost = 0
        self.failure: Exception | None = None

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

    def give_up(self) -> None:
        """Count what is open as lost: nobody waits for it any more."""
        with self._lock:
            self.num_lost += self.num_open

    def _start(self, trial: TrialStarted) -> None:
        with self._lock:
            self.num_open += 1
        after = self._last_of.get(trial.root)
        limits = {"slots": self._slots, "openings": self._openings, "over": self._over}
        writer = writer_of(self._client, self._sweep, trial, self._ended, after=after, **limits)
        self._writers[trial.number] = self._last_of[trial.root] = writer

    def _ended(self, trouble: Exception | None) -> None:
        """A run is closed; on its writer's thread."""
        with self._lock:
            self.num_open -= 1
            if trouble is None or self._over.is_set():
                return
            if self._client.mode == "offline" or not self._is_the_servers(trouble):
                self.failure = self.failure or trouble
            self.num_lost += 1
        self._voice.say(f"a run is not there yet ({type(trouble).__name__}); {_sync_advice(self._client.folder)}")

    def _is_the_servers(self, trouble: Exception) -> bool:
        return isinstance(trouble, self._client.wandb.Error | TimeoutError)
