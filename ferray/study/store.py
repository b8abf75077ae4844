"""The store: Optuna's storage, opened where a sweep keeps it."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend

from ferray.errors import ConfigError, DataError

JOURNAL_NAME = "study.journal"


class _KernelLock:
    """An advisory lock on a file beside the journal; the kernel releases it however its holder dies.

    Optuna's own locks are files that a killed process leaves behind, which stalls the next one for 30 seconds.
    """

    def __init__(self, journal: Path) -> None:
        self._path = journal.with_name(f"{journal.name}.lock")
        self._descriptor = -1

    def acquire(self) -> bool:
        self._descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o644)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        return True

    def release(self) -> None:
        os.close(self._descriptor)


def open_store(folder: Path, url: str | None = None) -> BaseStorage:
    """The storage of the sweep in `folder`: its journal, or the database behind `url`.

    A journal whose last line was torn by a crash is cut back to its last whole line. ConfigError where the database
    cannot be reached, OSError where the folder cannot be written.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if url is None:
        journal = folder / JOURNAL_NAME
        _cut_torn_line(journal)
        lock: Any = _KernelLock(
            journal
        )  # Optuna's interface for locks is not public; acquire and release are all of it
        return JournalStorage(JournalFileBackend(str(journal), lock_obj=lock))
    try:
        return optuna.storages.get_storage(url)
    except Exception as error:  # every database driver raises its own
        raise ConfigError(
            f"the store `{_without_password(url)}` cannot be opened: {type(error).__name__}", "check `--storage`"
        ) from error


def read_store(folder: Path, url: str | None = None) -> BaseStorage:
    """`open_store` for a command that only reads; DataError where there is no sweep."""
    if url is None and not (folder / JOURNAL_NAME).is_file():
        raise DataError(f"there is no sweep in `{folder}`", "start one with `ferray sweep NAME`, or pass `--output`")
    return open_store(folder, url)


def _cut_torn_line(journal: Path) -> None:
    with suppress(FileNotFoundError):
        content = journal.read_bytes() if journal.stat().st_size else b"\n"
        if content.endswith(b"\n") or not os.access(journal, os.W_OK):
            return
        lock = _KernelLock(journal)
        lock.acquire()
        try:
            with journal.open("r+b") as file:
                file.truncate(file.read().rfind(b"\n") + 1)
        finally:
            lock.release()


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"
