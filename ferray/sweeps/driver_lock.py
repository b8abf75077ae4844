"""The lock of a sweep's folder: its drivers hold it, and nobody takes the folder away from them.

One with a journal holds it alone. Those with a database hold it together: the study's leases say who may drive.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TextIO

from ferray.errors import ClusterError, ConfigError
from ferray.files.os_errors import system_words, writing
from ferray.files.private_folder import make_private

LOCK_NAME = "driver.lock"
CHOOSE = "mend that and run the same command again, or choose another `--output`"


def only_driver(folder: Path) -> AbstractContextManager[None]:
    """Hold the folder's lock alone; the kernel releases it however this process ends."""
    return _held(folder, fcntl.LOCK_EX)


def one_of_drivers(folder: Path) -> AbstractContextManager[None]:
    """Hold the folder's lock beside others who do."""
    return _held(folder, fcntl.LOCK_SH)


@contextmanager
def _held(folder: Path, kind: int) -> Iterator[None]:
    make_private(folder)
    with _opened(folder) as file:
        _lock(file, kind)
        with writing(folder, ClusterError, CHOOSE):
            file.truncate(0)
            file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
            file.flush()
        yield


def _opened(folder: Path) -> TextIO:
    with writing(folder, ClusterError, CHOOSE):
        return (folder / LOCK_NAME).open("a+", encoding="utf-8")


def refuse_driven(folder: Path) -> None:
    """ConfigError while a driver of this machine runs the sweep in `folder`; leaves no trace."""
    with suppress(FileNotFoundError), (folder / LOCK_NAME).open(encoding="utf-8") as file:
        _lock(file, fcntl.LOCK_SH)


def _lock(file: TextIO, kind: int) -> None:
    """Take the lock until the file is closed, or say whose it is."""
    folder = Path(file.name).parent
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except OSError as error:
        if not isinstance(error, BlockingIOError):
            message = f"`{folder}` is on a disk without file locks: {system_words(error)}"
            raise ConfigError(message, "use another `--output`") from error
        file.seek(0)
        owner = file.read().strip() or "another process"
        message = f"the sweep in `{folder}` is being run by {owner}"
        raise ConfigError(message, "wait for it, or use another `--name`") from error
