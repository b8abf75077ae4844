"""`ObjectStore`: files in S3, in Google Cloud Storage, or wherever else fsspec finds an address by its kind."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from ferray.artifacts.file_system import FileSystem
from ferray.config.buckets import bucket_errors, bucket_kinds, open_bucket
from ferray.files.spool import named_spool

_OF_THIS_PROCESS = {"memory"}


def object_store_kinds() -> set[str]:
    """The kinds of addresses that other machines can open too."""
    return bucket_kinds() - _OF_THIS_PROCESS


class ObjectStore(FileSystem):
    """The files below an address. Credentials are those of the environment, where the clients look for their own.

    There are no folders to be made, and nothing is appended: what grows is written again whole, by its one writer.
    """

    def __init__(self, address: str) -> None:
        super().__init__(address.rstrip("/"))
        self._store, self._path = open_bucket(self.address, use_listings_cache=False)

    def below(self, name: str) -> ObjectStore:
        return ObjectStore(f"{self.address}/{name}")

    def is_shared(self) -> bool:
        return True

    def make(self) -> None:
        """Nothing: there are no folders."""

    def names(self) -> list[str]:
        with suppress(FileNotFoundError, NotADirectoryError), bucket_errors():
            found = {path.rstrip("/").rpartition("/")[2] for path in self._store.ls(self._path, detail=False)}
            return sorted(name for name in found - {self._path.rpartition("/")[2]} if not name.startswith("."))
        return []

    def size(self, name: str) -> int:
        with bucket_errors():
            facts = self._store.info(self._at(name))
        if facts["type"] != "file":
            raise FileNotFoundError(errno.ENOENT, "it is no file", self._at(name))
        return int(facts["size"])

    def open(self, name: str) -> BinaryIO:
        """All of it comes over at once: what replaces it meanwhile is not mixed in."""
        spool = named_spool()
        try:
            with bucket_errors():
                self._store.get_file(self._at(name), spool.name)
        except BaseException:
            spool.close()
            raise
        return spool

    @contextmanager
    def write(self, name: str, *, durable: bool = True) -> Iterator[BinaryIO]:
        """An object is replaced when all of it has arrived; it is durable then, asked or not."""
        with named_spool() as spool:
            yield spool
            spool.flush()
            with bucket_errors():
                self._store.put_file(spool.name, self._at(name))

    def append(self, name: str, content: bytes) -> None:
        with bucket_errors():
            self._store.pipe_file(self._at(name), self._former(name) + content)

    def delete(self, name: str) -> None:
        with suppress(FileNotFoundError), bucket_errors():
            self._store.rm_file(self._at(name))

    def clear(self) -> None:
        with suppress(OSError), bucket_errors():
            self._store.rm(self._path, recursive=True)

    def _former(self, name: str) -> bytes:
        try:
            return bytes(self._store.cat_file(self._at(name)))
        except FileNotFoundError:
            return b""

    def _at(self, name: str) -> str:
        return f"{self._path}/{name}"
