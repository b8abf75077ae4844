"""A store that can be killed before any of its writes, and opened again with all that was written before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from optuna.storages import BaseStorage, JournalStorage
from optuna.storages.journal import BaseJournalBackend


class Crash(OSError):
    """Stands for a SIGKILL just before a write; an OSError, so that a dead driver's lease thread stays silent."""


class FragileJournal:
    """A journal in memory that outlives those who write it. `open` gives what a new process would see.

    After `crash_after(n)` the current writer makes n more writes; the next one raises Crash, and so do all after it.
    """

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self._writer = _Writer(self.lines)

    def open(self) -> BaseStorage:
        """The storage of a new process, whose writes succeed."""
        self._writer = _Writer(self.lines)
        return JournalStorage(self._writer)

    def open_beside(self) -> BaseStorage:
        """A storage for a reader; the current writer stays the one that `crash_after` means."""
        return JournalStorage(_Writer(self.lines))

    def crash_after(self, writes: int | None) -> None:
        """Let the current writer die after so many more writes; None lets it live."""
        self._writer.left = writes


class _Writer(BaseJournalBackend):
    """What one process writes."""

    def __init__(self, lines: list[dict[str, Any]]) -> None:
        self._lines = lines
        self.left: int | None = None

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        yield from self._lines[log_number_from:]

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        if self.left == 0:
            raise Crash
        if self.left is not None:
            self.left -= 1
        self._lines.extend(logs)
