"""`LocalFileSystem`: files in a folder, of this machine or of a disk that all nodes share."""

from __future__ import annotations

import shutil
import stat
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import BinaryIO

from ferray.artifacts.file_system import FileSystem
from ferray.files.atomic import atomic_write, remove_leftovers


class LocalFileSystem(FileSystem):
    """The files in a folder; its path is their address."""

    def __init__(self, address: str) -> None:
        self._folder = Path(address)
        super().__init__(str(self._folder))

    def below(self, name: str) -> LocalFileSystem:
        return LocalFileSystem(str(self._folder / name))

    def is_shared(self) -> bool:
        """The driver has made the folder around it: where that is missing, its disk is not this node's."""
        return self._folder.parent.is_dir()

    def make(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)

    def names(self) -> list[str]:
        with suppress(FileNotFoundError, NotADirectoryError):
            return sorted(path.name for path in self._folder.iterdir() if not path.name.startswith("."))
        return []

    def size(self, name: str) -> int:
        status = (self._folder / name).stat()
        if not stat.S_ISREG(status.st_mode):
            raise FileNotFoundError(f"`{self._folder / name}` is no file")
        return status.st_size

    def open(self, name: str) -> BinaryIO:
        return (self._folder / name).open("rb")

    def write(self, name: str, *, durable: bool = True) -> AbstractContextManager[BinaryIO]:
        return atomic_write(self._folder / name, durable=durable)

    def append(self, name: str, content: bytes) -> None:
        with (self._folder / name).open("ab") as stream:
            stream.write(content)

    def delete(self, name: str) -> None:
        (self._folder / name).unlink(missing_ok=True)
        remove_leftovers(self._folder / name)

    def clear(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
