"""Whether a process sees the disk of the driver: a random id that the driver writes down tells, and no path or name.

Two machines may have the same folders, and nothing in common.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ferray.files.atomic import SUFFIX, remove_leftovers, write_bytes

_NAME = "driver"
_FORGOTTEN_AFTER_S = 30 * 86400.0  # ids of killed drivers


@contextmanager
def shown(folder: Path, identity: str) -> Iterator[None]:
    """Have those who see the folder find the id there; OSError where nothing can be written."""
    remove_leftovers(folder / _NAME, older_than_s=_FORGOTTEN_AFTER_S)
    mark = _mark(folder, identity)
    write_bytes(mark, b"")
    try:
        yield
    finally:
        with suppress(OSError):
            mark.unlink()


def sees(folder: str | Path, identity: str) -> bool:
    """Whether this process finds the id in the folder, and may write there."""
    with suppress(OSError):
        return _mark(Path(folder), identity).exists() and os.access(folder, os.W_OK | os.X_OK)
    return False


def _mark(folder: Path, identity: str) -> Path:
    """A hidden file, which is none of a trial's."""
    return folder / f".{_NAME}.{identity}{SUFFIX}"
