"""Where a process gets packs, and rows of features beside them, that its own node does not have: from the driver's.

A worker on another node needs neither the data set nor the driver's disk. The driver names what is to be had and the
hash of each file; what arrives otherwise is refused.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ferray.config.trial import DatasetChoice

PACKS, FEATURES = "packs", "features"  # folders of the cache
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class SourceFile:
    """A file of the driver's cache: its path there, how long it is, and the SHA-256 of its content."""

    path: str
    num_bytes: int
    sha256: str

    @property
    def name(self) -> str:
        """Its own, without the folder."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class PackOffer:
    """A pack of the driver's: the name of its folder, and every file in it."""

    name: str
    files: tuple[SourceFile, ...]

    @property
    def manifest(self) -> SourceFile:
        """The file that holds the hashes of the others, so that it stands for all of them."""
        (manifest,) = (file for file in self.files if file.name == MANIFEST)
        return manifest


class PackSource(ABC):
    """A driver's packs, as a worker asks for them. DataError as the driver's data gives it, StorageError where the
    driver does not answer.
    """

    @abstractmethod
    def offer(self, choice: DatasetChoice, size: int) -> PackOffer:
        """The pack of a data set at `size` pixels a side, decoded there where nobody has asked for it before."""

    @abstractmethod
    def groups(self, choice: DatasetChoice, size: int) -> tuple[str, ...]:
        """The group of each sample of that pack, by the csv below the data root that `choice` names."""

    @abstractmethod
    def rows(self, name: str) -> SourceFile | None:
        """The file of rows of that name, which lies in `FEATURES`; None where the driver has not computed it."""

    @abstractmethod
    def pieces(self, file: SourceFile) -> Iterator[memoryview]:
        """The content of a file that was named, in pieces that memory holds."""


_sources: list[PackSource] = []


def current_source() -> PackSource | None:
    """Where this process asks; None where it has the data itself."""
    return _sources[-1] if _sources else None


def ask(source: PackSource | None) -> None:
    """Have this process ask there from now on, or nobody."""
    _sources[:] = [source] if source is not None else []


@contextmanager
def asking(source: PackSource | None) -> Iterator[None]:
    """`ask` for the length of a block."""
    former = current_source()
    ask(source)
    try:
        yield
    finally:
        ask(former)
