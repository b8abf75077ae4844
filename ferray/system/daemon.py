"""A thread that the end of the process does not wait for, and that one may stop waiting for by Ctrl-C."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread


class Daemon(Thread):
    """Does `act`. An interrupted `join` leaves it alive, where that of Python 3.11 calls any thread ended."""

    def __init__(self, name: str, act: Callable[[], object]) -> None:
        super().__init__(name=name, daemon=True)
        self._act = act
        self._ended = Event()

    def run(self) -> None:
        try:
            self._act()
        finally:
            self._ended.set()

    def join(self, timeout: float | None = None) -> None:
        self._ended.wait(timeout)

    def is_alive(self) -> bool:
        return self.ident is not None and not self._ended.is_set()
