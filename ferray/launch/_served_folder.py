"""`ServedFolder`: the trials' files of a sweep, given to workers that do not see the disk on which they lie.

It is an actor on the driver's node. Ray may carry a call out twice when a link fails: every act gives the same then.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ferray.artifacts.local import LocalFileSystem
from ferray.artifacts.sight import readable_files, sees
from ferray.files.atomic import finish_pieces, forget_pieces, write_piece
from ferray.files.os_errors import system_words

PIECE = 8 * 2**20  # bytes that travel at a time
Answer = tuple[Any, tuple[int, str] | None]  # what an act gives, or the system's number and words


class ServedFolder:
    """Files below `root`, by their paths, and those elsewhere that the driver lets be read; nothing else.

    Links are followed first: what they lead to has to lie there too. `identity` is what the driver has written down in
    `root`, and with it what may be read: this process may be another one than a moment ago.
    """

    def __init__(self, root: str, identity: str) -> None:
        self._root, self._identity = Path(root), identity
        self._acts: dict[str, Callable[..., Any]] = {
            act.__name__.lstrip("_"): act
            for act in (
                self._names,
                self._make,
                self._clear,
                self._size,
                self._read,
                self._append,
                self._write,
                self._finish,
                self._forget,
                self._delete,
            )
        }

    def act(self, name: str, path: str, *given: Any) -> Answer:
        """What one of the acts on a path gives. Errors of the system are answers, since Ray's lose their words."""
        try:
            if not sees(self._root, self._identity):
                raise OSError(errno.ESTALE, f"the driver's node does not see `{self._root}`")
            is_extra = name in ("size", "read") and path in readable_files(self._root, self._identity)
            return self._acts[name](Path(path) if is_extra else self._confined(path), *given), None
        except OSError as error:
            return None, (error.errno or errno.EIO, system_words(error))

    def _confined(self, path: str) -> Path:
        asked = Path(path)
        inside = asked.resolve().is_relative_to(self._root.resolve())
        if not asked.is_absolute() or not inside or asked.name.startswith("."):
            raise PermissionError(errno.EACCES, f"no file of the sweep's trials in `{self._root}`")
        return asked

    def _names(self, folder: Path) -> list[str]:
        return LocalFileSystem(str(folder)).names()

    def _make(self, folder: Path) -> None:
        LocalFileSystem(str(folder)).make()

    def _clear(self, folder: Path) -> None:
        LocalFileSystem(str(folder)).clear()

    def _size(self, file: Path) -> int:
        return LocalFileSystem(str(file.parent)).size(file.name)

    def _delete(self, file: Path) -> None:
        LocalFileSystem(str(file.parent)).delete(file.name)

    def _read(self, file: Path, offset: int) -> tuple[bytes, tuple[int, int, int]]:
        """A piece, and which version of the file it is of."""
        with file.open("rb") as stream:
            status = os.fstat(stream.fileno())
            stream.seek(offset)
            return stream.read(PIECE), (status.st_ino, status.st_mtime_ns, status.st_size)

    def _append(self, file: Path, content: bytes, at: int) -> None:
        """Have the file hold `at` bytes and then `content`."""
        with file.open("ab") as stream:
            if stream.tell() < at:
                raise OSError(errno.EIO, "another has shortened it")
            stream.truncate(at)  # of the same append, cut short or carried out
            stream.write(content)

    def _write(self, file: Path, writer: str, offset: int, content: bytes) -> None:
        write_piece(file, writer, offset, content)

    def _finish(self, file: Path, writer: str, size: int, durable: bool) -> None:
        finish_pieces(file, writer, size, durable=durable)

    def _forget(self, file: Path, writer: str) -> None:
        forget_pieces(file, writer)
