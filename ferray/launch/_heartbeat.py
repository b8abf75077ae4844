"""`Heartbeat`: whether the head of the cluster still answers."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType

import ray

from ferray.errors import ClusterError
from ferray.text.sanitize import visible

LOOK_S = 2.0
OWN_GONE_S = 6.0  # a head on loopback that does not answer is dead
OTHERS_GONE_S = 30.0  # a link may be cut for a moment; Ray itself ends the process after 60 s, without a sentence
LEFT_S = 10.0  # for the main thread, which may never come back from a call to the head


@dataclass
class Heartbeat:
    """Connects to the head again and again, on a thread of its own.

    A call to a head that is gone does not come back, so the main thread may be in no state to notice: `give_up` is
    called on this thread when it has not left within LEFT_S. Times are by `now`, `look` says whether the head answers.
    """

    look: Callable[[], bool]
    error: ClusterError
    gone_s: float
    give_up: Callable[[ClusterError], None] = lambda error: _end_process(error)
    now: Callable[[], float] = time.monotonic
    _ended: threading.Event = field(default_factory=threading.Event)
    _answered: float = field(init=False)

    def __post_init__(self) -> None:
        self._answered = self.now()

    def __enter__(self) -> Heartbeat:
        threading.Thread(target=self._watch, name="ferray-heartbeat", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()

    def refuse_gone(self) -> None:
        """ClusterError where the head has not answered for too long."""
        if self.now() - self._answered > self.gone_s:
            raise self.error

    def answers(self) -> bool:
        """Whether the head answers now, so that a call to it may be made."""
        return self.look()

    def beat(self) -> None:
        """Ask the head once."""
        if self.look():
            self._answered = self.now()
        elif self.now() - self._answered > self.gone_s + LEFT_S:
            self._ended.set()
            self.give_up(self.error)

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_S):
            self.beat()


def heartbeat_of(address: str | None) -> Heartbeat:
    """Of the head that this process is connected to, at the `address` that was asked for, or of our own."""
    host, _, port = ray.get_runtime_context().gcs_address.rpartition(":")
    look = partial(_connects, host.strip("[]"), int(port))
    again = "run the same command again to go on"
    if address is None:
        return Heartbeat(look, ClusterError("Ray has died on this machine", again), OWN_GONE_S)
    message = f"the Ray cluster at `{address}` has not answered for {OTHERS_GONE_S:g} s"
    return Heartbeat(look, ClusterError(message, f"when it is there again, {again}"), OTHERS_GONE_S)


def _connects(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), LOOK_S).close()
    except OSError:
        return False
    return True


def _end_process(error: ClusterError) -> None:
    """As a kill would; the store shows its trials as interrupted, and they are asked again."""
    print(visible(f"error: {error}"), file=sys.stderr, flush=True)
    os._exit(error.exit_code)
