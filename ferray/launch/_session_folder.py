"""The folder of a sweep's temporary files: Ray's session, and what Tune insists on writing. It goes with the sweep."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ferray.errors import ClusterError
from ferray.files.os_errors import os_errors_as
from ferray.launch._limits import refuse_no_room

PREFIX = "ferray-"
LOCK_NAME = "session.lock"
_SOCKET = f"{PREFIX}12345678/r/session_2026-01-31_23-59-59_123456_4194304/sockets/plasma_store"
LONGEST = 107 - len(f"/{_SOCKET}")  # bytes of the folder around it: the kernel takes 107 for a socket


@contextmanager
def session_folder() -> Iterator[Path]:
    """A folder that its owner alone may enter, deleted at the end; those of killed sweeps are deleted first.

    ClusterError where there is none to be had.
    """
    base = _base()
    _delete_abandoned(base)
    refuse_no_room(base)
    folder = _made(base)
    with (folder / LOCK_NAME).open("w") as lock:
        with suppress(OSError):  # on a disk without locks only this sweep deletes it
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        named = folder.rename(folder.with_name(folder.name.removeprefix(".")))  # to be found once it is locked
        try:
            yield named
        finally:
            _delete(named)


def _delete_abandoned(base: Path) -> None:
    """Delete this user's folders in `base` that a sweep has made and, being dead, holds no more."""
    for lock in base.glob(f"{PREFIX}????????/{LOCK_NAME}"):
        with suppress(OSError), lock.open() as file:
            if os.fstat(file.fileno()).st_uid == os.geteuid() and not lock.parent.is_symlink():
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _delete(lock.parent)


def _delete(folder: Path) -> None:
    """The lock last: a folder without one is nobody's to delete."""
    for path in folder.iterdir():
        if path.name != LOCK_NAME:
            shutil.rmtree(path, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def _base() -> Path:
    """Where temporary files go, `RAY_TMPDIR` before `TMPDIR`; /tmp where a socket's path would be too long there."""
    wanted = Path(os.environ.get("RAY_TMPDIR") or tempfile.gettempdir()).absolute()
    for folder in (wanted, Path("/tmp")):
        if len(os.fsencode(folder)) <= LONGEST and os.access(folder, os.W_OK | os.X_OK):
            return folder
    is_long = len(os.fsencode(wanted)) > LONGEST
    why = f"its path has more than {LONGEST} bytes, too many for Ray" if is_long else "it cannot be written"
    message = f"Ray's temporary files cannot be kept in `{wanted}`: {why}"
    raise ClusterError(message, "set TMPDIR to a folder with a short path that you may write to")


def _made(base: Path) -> Path:
    hint = "make room there, or set TMPDIR to another folder with a short path"
    with os_errors_as(ClusterError, f"Ray's temporary files cannot be kept in `{base}`", hint):
        return Path(tempfile.mkdtemp(prefix=f".{PREFIX}", dir=base))
