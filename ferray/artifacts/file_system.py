"""`FileSystem`: files by name below one address, wherever that is. Another kind is one class with these acts."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Literal

from ferray.errors import DataError, FerrayError
from ferray.files.os_errors import reading, writing


class FileSystem(ABC):
    """The files right below one address, by name. `address` is what other processes open the same files by.

    Acts raise OSError as Python's own do, FileNotFoundError for what is not there. What is written is whole once it can
    be seen. What every kind promises is checked by `ferray.testing.file_systems`.
    """

    def __init__(self, address: str) -> None:
        self.address = address

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, FileSystem) and other.address == self.address

    def __hash__(self) -> int:
        return hash(self.address)

    @abstractmethod
    def below(self, name: str) -> FileSystem:
        """The files at an address of that name below this one, there or not."""

    @abstractmethod
    def is_shared(self) -> bool:
        """Whether what is written here is seen by whoever handed the address out, as far as this process can tell."""

    @abstractmethod
    def make(self) -> None:
        """Have a place for files there, where the kind needs one."""

    @abstractmethod
    def names(self) -> list[str]:
        """Files and places right below the address, sorted; none where there is nothing. Half-written ones are none."""

    @abstractmethod
    def size(self, name: str) -> int:
        """Bytes of a file."""

    @abstractmethod
    def open(self, name: str) -> BinaryIO:
        """A file to be read, at its beginning; it can seek."""

    @abstractmethod
    def write(self, name: str, *, durable: bool = True) -> AbstractContextManager[BinaryIO]:
        """A stream whose content replaces a file when the block ends, and leaves the former where the block raises.

        `durable` as in `ferray.files.atomic`. The place that holds the file is there.
        """

    @abstractmethod
    def append(self, name: str, content: bytes) -> None:
        """Add to the end of a file, which is made where it is missing."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Remove a file, and what killed writers of it have left; nothing where there is none."""

    @abstractmethod
    def clear(self) -> None:
        """Remove all that is at the address and below it, as far as that is possible."""

    def exists(self, name: str) -> bool:
        """Whether there is such a file; where that cannot be told, there is none."""
        try:
            return self.size(name) >= 0
        except OSError:
            return False


@dataclass(frozen=True)
class ArtifactFile:
    """One file of a `FileSystem`, there or not. `str()` is its whole address."""

    files: FileSystem
    name: str

    def __str__(self) -> str:
        return f"{self.files.address}/{self.name}"

    def exists(self) -> bool:
        """Whether it is there."""
        return self.files.exists(self.name)

    def size(self) -> int:
        """Its bytes; 0 where it is not there or cannot be looked at."""
        try:
            return self.files.size(self.name)
        except OSError:
            return 0

    def open(self, mode: Literal["rb"] = "rb", /) -> BinaryIO:
        """Its content, at the beginning; OSError as `open` raises it."""
        return self.files.open(self.name)

    def read_bytes(self, error: type[FerrayError] = DataError) -> bytes:
        """All of it; `error` where it cannot be read."""
        with reading(self, error), self.open() as stream:
            return stream.read()

    def write(self, *, durable: bool = True) -> AbstractContextManager[BinaryIO]:
        """A stream that replaces it when the block ends; OSError where the disk refuses."""
        return self.files.write(self.name, durable=durable)

    def write_text(self, text: str, *, durable: bool = True) -> None:
        """Replace it by `text` in UTF-8; StorageError where it cannot be written."""
        with writing(self), self.write(durable=durable) as stream:
            stream.write(text.encode("utf-8"))

    def append_text(self, text: str) -> None:
        """Add to its end; StorageError where it cannot be written."""
        with writing(self):
            self.files.append(self.name, text.encode("utf-8"))

    def delete(self) -> None:
        """Remove it, if it is there; StorageError where that is not possible."""
        with writing(self):
            self.files.delete(self.name)

    def copy_from(self, source: ArtifactFile) -> None:
        """Replace it by the content of another; StorageError where either cannot be had."""
        with writing(self), source.open() as content, self.write() as stream:
            shutil.copyfileobj(content, stream)
