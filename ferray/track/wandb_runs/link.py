"""The driver's link to the process that writes its runs: events wait here for it, and the driver for nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from subprocess import DEVNULL
from threading import Lock

import psutil

from ferray.events import EpochReport, SweepStarted, TrialStarted
from ferray.system.daemon import Daemon
from ferray.track.wandb_runs.messages import Answer, Begin, Closed, Event, Failure
from ferray.track.wandb_runs.place import remember_at_start

MOST_WAITING = 100_000  # events for a process that stands still, of a kilobyte or two each
KILLED_S = 5.0  # in which a process that is killed is gone
_CHILD = "ferray.track.wandb_runs.child"


class Link:
    """Starts the process once a trial has something to tell, and hands it what happens; `say` hears of trouble.

    `num_open` runs are not closed. `failure` is why nothing can be written any more, "" as long as it can.
    """

    def __init__(self, folder: Path, sweep: SweepStarted, say: Callable[[str], None]) -> None:
        self.num_open = 0
        self.failure = ""
        self._begin = Begin(folder, sweep)
        self._say = say
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        self._process: psutil.Popen | None = None
        self._is_over = False
        self._num_lost = 0  # of those that are closed
        self._lock = Lock()
        # A daemon, so that a second Ctrl-C ends the driver whatever the process is waiting for.
        self._thread = Daemon("ferray-wandb", self._speak)
        self._thread.start()

    def tell(self, event: Event | None) -> None:
        """What happens, None at the end; left out where there is no process any more."""
        if not self.is_alive():
            return
        if event is not None and self._events.qsize() >= MOST_WAITING:
            self.failure = f"its process has taken none of the last {MOST_WAITING} events"
        elif isinstance(event, TrialStarted):
            with self._lock:
                self.num_open += 1
            self._events.put(event)
        elif isinstance(event, tuple):
            self._events.put((event[0], _alone(event[1])))
        else:
            self._events.put(event)

    @property
    def num_lost(self) -> int:
        """Runs that did not arrive whole: of those that are not closed, all once nobody writes any more."""
        with self._lock:
            return self._num_lost + (self.num_open if self._is_over or self.failure else 0)

    def is_alive(self) -> bool:
        """Whether there is something to wait for."""
        return self._thread.is_alive()

    def join(self, timeout: float) -> None:
        """Wait until the process has ended, or so long."""
        self._thread.join(timeout)

    def kill(self) -> None:
        """End the process and wandb's service as if their machine had failed: no run is then called complete."""
        with self._lock:
            self._is_over = True
        if self._process is not None:
            _kill(self._process)
        self._events.put(None)

    def _speak(self) -> None:
        """The thread: hand over one event after the other to the last, and wait for the process to end."""
        remember_at_start(self._begin.folder)
        held = self._until_told()
        try:
            here = self._start()
        except OSError as error:
            self.failure = Failure.of(error).reason
            return
        if here is None:
            return
        hearing = Daemon("ferray-wandb-answers", lambda: self._hear(here))
        hearing.start()
        with here:
            try:
                later = iter(self._events.get, None) if held[-1] is not None else ()
                for message in chain((self._begin,), held, later):
                    here.send(message)
                here.send(None)
            except OSError:
                pass  # `_hear` knows why nobody takes it
            except Exception as error:  # told to the driver's thread by its next event
                self.failure = self.failure or f"what happens cannot be told: {Failure.of(error).reason}"
                return
            hearing.join()

    def _until_told(self) -> list[Event | None]:
        """What has happened up to the first epoch or end of a trial, or to the end of all, which is None.

        W&B is imported, and its service started, once a trial has something to tell: its seconds of a core are the
        workers' until then.
        """
        held: list[Event | None] = [self._events.get()]
        while isinstance(held[-1], TrialStarted):
            held.append(self._events.get())
        return held

    def _start(self) -> Connection | None:
        """Our end of a socket to the process, which has no terminal to be ended by; None where it is over already."""
        here, there = Pipe()
        with there, self._lock:  # whose other end is the process's alone, or nobody would notice that it has ended
            if self._is_over:
                return None
            self._process = psutil.Popen(
                [sys.executable, "-P", "-m", _CHILD, str(there.fileno())],
                env=_environment(),
                pass_fds=[there.fileno()],
                stdin=DEVNULL,
                stdout=DEVNULL,
                start_new_session=True,
            )
        return here

    def _hear(self, here: Connection) -> None:
        """On a thread of its own: what the process answers, and how it ends."""
        with suppress(EOFError, OSError):
            while True:
                self._heed(here.recv())
        code = self._process.wait() if self._process is not None else 0
        if code and not self._is_over:
            self.failure = self.failure or _ended_by(code)
        self._events.put(None)  # for `_speak`, of which nobody takes any more

    def _heed(self, answer: Answer) -> None:
        if isinstance(answer, Failure):
            self.failure = self.failure or answer.reason
        elif isinstance(answer, Closed):
            with self._lock:
                self.num_open -= 1
                self._num_lost += answer.is_lost
        else:
            self._say(answer.line)


def _alone(report: EpochReport) -> EpochReport:
    """Without the epochs before it, which are told one by one."""
    return report if report.earlier is None else replace(report, earlier=None)


def _environment() -> dict[str, str]:
    """That of this process, whose modules are found where they are found here; W&B notes which program runs are of."""
    main = sys.modules["__main__"]
    spec = getattr(main, "__spec__", None)
    program = f"-m {spec.name}" if spec is not None else getattr(main, "__file__", None) or ""
    path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    return {"WANDB_PROGRAM": program, **os.environ, "PYTHONPATH": path}


def _ended_by(code: int) -> str:
    how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
    return f"its process {how}"


def _kill(process: psutil.Popen) -> None:
    """Stopped first, so that it starts nothing that is not killed."""
    with suppress(psutil.Error):
        process.suspend()
        for each in [*process.children(recursive=True), process]:
            with suppress(psutil.Error):
                each.kill()
