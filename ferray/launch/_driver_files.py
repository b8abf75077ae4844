"""`DriverFileSystem`: files on the driver's disk, for a worker that does not see it, through the driver's actor."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, cast

from ferray.artifacts.file_system import FileSystem
from ferray.files.spool import spooled
from ferray.launch._served_folder import PIECE, Answer

Ask = Callable[..., Answer]  # `ServedFolder.act`, wherever that is


class DriverFileSystem(FileSystem):
    """The files in a folder of the driver's; its path there is their address."""

    def __init__(self, address: str, ask: Ask) -> None:
        super().__init__(address)
        self._ask = ask

    def below(self, name: str) -> DriverFileSystem:
        return DriverFileSystem(f"{self.address}/{name}", self._ask)

    def is_shared(self) -> bool:
        """It is the driver's own."""
        return True

    def make(self) -> None:
        self._act("make")

    def names(self) -> list[str]:
        names: list[str] = self._act("names")
        return names

    def size(self, name: str) -> int:
        return int(self._act("size", name))

    def open(self, name: str) -> BinaryIO:
        """All of it comes over at once: what replaces it meanwhile is not mixed in."""
        while True:
            spool = spooled()
            try:
                is_whole = self._fetch(name, spool)
            except BaseException:
                spool.close()
                raise
            if is_whole:
                spool.seek(0)
                return spool
            spool.close()

    @contextmanager
    def write(self, name: str, *, durable: bool = True) -> Iterator[BinaryIO]:
        writer = secrets.token_hex(4)
        pieces = _Pieces(lambda offset, content: self._act("write", name, writer, offset, content))
        try:
            stream = io.BufferedWriter(pieces, PIECE)
            yield cast(BinaryIO, stream)
            stream.flush()
            pieces.begin()
            self._act("finish", name, writer, pieces.size, durable)
        except BaseException:
            pieces.is_given_up = True
            with suppress(OSError):
                self._act("forget", name, writer)
            raise

    def append(self, name: str, content: bytes) -> None:
        try:
            at = self.size(name)
        except FileNotFoundError:
            at = 0
        self._act("append", name, content, at)

    def delete(self, name: str) -> None:
        self._act("delete", name)

    def clear(self) -> None:
        with suppress(OSError):
            self._act("clear")

    def _fetch(self, name: str, spool: BinaryIO) -> bool:
        """Whether all pieces are of one version of the file."""
        content, version = self._act("read", name, 0)
        spool.write(content)
        while spool.tell() < version[2]:
            content, latest = self._act("read", name, spool.tell())
            if latest != version:
                return False
            spool.write(content)
        return True

    def _act(self, act: str, name: str = "", *given: Any) -> Any:
        path = f"{self.address}/{name}" if name else self.address
        value, refusal = self._ask(act, path, *given)
        if refusal is not None:
            raise OSError(*refusal, path)
        return value


class _Pieces(io.RawIOBase):
    """What is written, sent piece by piece."""

    def __init__(self, send: Callable[[int, bytes], object]) -> None:
        super().__init__()
        self.size = 0
        self.is_given_up = False
        self._send = send

    def writable(self) -> bool:
        return True

    def write(self, content: Any, /) -> int:
        piece = bytes(memoryview(content)[:PIECE])
        if self.is_given_up:  # the buffer before it is emptied once more when it is forgotten
            return len(piece)
        self._send(self.size, piece)
        self.size += len(piece)
        return len(piece)

    def begin(self) -> None:
        """Have a file there, should nothing have been written."""
        if not self.size:
            self._send(0, b"")
