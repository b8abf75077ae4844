"""`MemoryFileSystem`: trials' files in the memory of this process, for tests of what must not know where files lie."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, ClassVar

from ferray.artifacts.address import register
from ferray.artifacts.file_system import FileSystem

KIND = "memory"


class MemoryFileSystem(FileSystem):
    """Files in a dictionary of the process, by their whole address, such as `memory://sweep/trials/0000-ab/best.pt`."""

    contents: ClassVar[dict[str, bytes]] = {}

    def below(self, name: str) -> MemoryFileSystem:
        return MemoryFileSystem(f"{self.address}/{name}")

    def is_shared(self) -> bool:
        return True

    def make(self) -> None:
        """Nothing: there are no folders."""

    def names(self) -> list[str]:
        root = f"{self.address}/"
        below = [address.removeprefix(root) for address in self.contents if address.startswith(root)]
        return sorted({name.partition("/")[0] for name in below})

    def size(self, name: str) -> int:
        return len(self._content(name))

    def open(self, name: str) -> BinaryIO:
        return io.BytesIO(self._content(name))

    @contextmanager
    def write(self, name: str, *, durable: bool = True) -> Iterator[BinaryIO]:
        stream = io.BytesIO()
        yield stream
        self.contents[self._address(name)] = stream.getvalue()

    def append(self, name: str, content: bytes) -> None:
        self.contents[self._address(name)] = self.contents.get(self._address(name), b"") + content

    def delete(self, name: str) -> None:
        self.contents.pop(self._address(name), None)

    def clear(self) -> None:
        for address in [address for address in self.contents if address.startswith(f"{self.address}/")]:
            del self.contents[address]

    def _content(self, name: str) -> bytes:
        address = self._address(name)
        if address not in self.contents:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), address)
        return self.contents[address]

    def _address(self, name: str) -> str:
        return f"{self.address}/{name}"


register(KIND, MemoryFileSystem)
