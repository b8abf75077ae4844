"""The lock of a sweep's folder: one driver of this machine at a time, and nobody who takes the folder away from it."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from ferray.errors import ClusterError, ConfigError
from ferray.files.os_errors import system_words, writing
from ferray.files.private_folder import make_private

LOCK_NAME = "driver.lock"
CHOOSE = "mend that and run the same command again, or choose another `--output`"


@contextmanager
def only_driver(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the kernel releases it however this process ends."""
    make_private(folder)
    with (folder / LOCK_NAME).open("a+", encoding="utf-8") as file:
        _lock(file, fcntl.LOCK_EX)
        with writing(folder, ClusterError, CHOOSE):
            file.truncate(0)
            file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
            file.flush()
        yield


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
