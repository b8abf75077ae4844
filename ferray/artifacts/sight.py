"""Whether a process sees the disk of the driver: a random id that the driver writes down tells, and no path or name.

Two machines may have the same folders, and nothing in common.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ferray.errors import DataError
from ferray.files.atomic import SUFFIX, remove_leftovers, write_json
from ferray.files.read import read_json

_NAME = "driver"
_FORGOTTEN_AFTER_S = 30 * 86400.0  # ids of killed drivers


def show(folder: Path, identity: str, readable: Iterable[str] = ()) -> None:
    """Have those who see the folder find the id there; OSError where nothing can be written.

    `readable` are files elsewhere that the driver lets its workers read.
    """
    if not _mark(folder, identity).exists():
        remove_leftovers(folder / _NAME, older_than_s=_FORGOTTEN_AFTER_S)
    write_json(_mark(folder, identity), sorted(readable), durable=False)


def hide(folder: Path, identity: str) -> None:
    """Take the id away, as its driver ends."""
    with suppress(OSError):
        _mark(folder, identity).unlink()


def readable_files(folder: Path, identity: str) -> frozenset[str]:
    """The files elsewhere that may be read; none where the folder is not seen."""
    try:
        return frozenset(read_json(_mark(folder, identity)))
    except (DataError, TypeError):
        return frozenset()


def sees(folder: str | Path, identity: str) -> bool:
    """Whether this process finds the id in the folder, and may write there."""
    with suppress(OSError):
        return _mark(Path(folder), identity).exists() and os.access(folder, os.W_OK | os.X_OK)
    return False


def _mark(folder: Path, identity: str) -> Path:
    """A hidden file, which is none of a trial's."""
    return folder / f".{_NAME}.{identity}{SUFFIX}"
