"""How much is read of a file that somebody else made: its size is looked at first."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import BinaryIO

from ferray.files.readable import Readable


def read_within(path: Readable, most_bytes: int) -> bytes:
    """All of a file; OSError that says so where it cannot be read or is larger, before anything is read of it.

    What has no size, such as a pipe, is read as far as the bound.
    """
    with path.open("rb") as file:
        size = _size_of(file)
        content = b"" if size > most_bytes else file.read(most_bytes + 1)
    if max(size, len(content)) > most_bytes:
        told = f"it has {max(size, len(content)):,} bytes, and at most {most_bytes:,} are read"
        raise OSError(errno.EFBIG, told, str(path))
    return content


def refuse_larger(path: Path, most_bytes: int) -> None:
    """OSError that says so for a file that is larger or cannot be looked at."""
    size = path.stat().st_size
    if size > most_bytes:
        raise OSError(errno.EFBIG, f"it has {size:,} bytes, and at most {most_bytes:,} are read", str(path))


def _size_of(file: BinaryIO) -> int:
    """Of a file at its beginning, where it stays; 0 for what has none."""
    if not file.seekable():
        return 0
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return size
