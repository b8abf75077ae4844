"""`Readable`: what a file has to be able to do so that it is read."""

from __future__ import annotations

from typing import BinaryIO, Literal, Protocol


class Readable(Protocol):
    """A file that can be read: a path, or one of a trial's artifacts. `str()` is what it is called."""

    def open(self, mode: Literal["rb"], /) -> BinaryIO: ...

    @property
    def name(self) -> str: ...
