"""`Readable`: what a file has to be able to do so that it is read, and which files a process reads from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Literal, Protocol


class Readable(Protocol):
    """A file that can be read: a path, or one of a trial's artifacts. `str()` is what it is called."""

    def open(self, mode: Literal["rb"], /) -> BinaryIO: ...

    @property
    def name(self) -> str: ...


_LENT: dict[str, Readable] = {}


def lend(files: Mapping[str, Readable]) -> None:
    """Have these paths be read so in this process, as a worker does that has them on another machine's disk alone.

    They take the place of those lent before.
    """
    _LENT.clear()
    _LENT.update(files)


def readable_at(path: str) -> Readable:
    """The file of that path: a lent one, else the one on this machine's disk."""
    return _LENT.get(path) or Path(path)
