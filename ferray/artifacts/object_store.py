"""`ObjectStore`: files in S3, in Google Cloud Storage, or wherever else fsspec finds an address by its kind."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, cast

import fsspec

from ferray.artifacts.file_system import FileSystem
from ferray.errors import ConfigError
from ferray.files.spool import named_spool
from ferray.text.commands import install_extra

EXTRAS = {"s3": "aws", "s3a": "aws", "gs": "gcp", "gcs": "gcp"}  # of ferray, with the clients that a kind needs
_WRITTEN_FROM_ANYWHERE = {
    *("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "oss", "hdfs", "webhdfs"),
    *("sftp", "ssh", "smb", "webdav"),
}
_CREDENTIALS = re.compile(r"://[^/]*@")


def object_store_kinds() -> set[str]:
    """The kinds of addresses that fsspec knows, and under which several machines can write the same files."""
    return _WRITTEN_FROM_ANYWHERE & set(fsspec.available_protocols())


class ObjectStore(FileSystem):
    """The files below an address. Credentials are those of the environment, where the clients look for their own.

    There are no folders to be made, and nothing is appended: what grows is written again whole, by its one writer.
    """

    def __init__(self, address: str) -> None:
        super().__init__(address.rstrip("/"))
        refuse_credentials(address)
        self._store, self._path = _opened(self.address)

    def below(self, name: str) -> ObjectStore:
        return ObjectStore(f"{self.address}/{name}")

    def is_shared(self) -> bool:
        return True

    def make(self) -> None:
        """Nothing: there are no folders."""

    def names(self) -> list[str]:
        with suppress(FileNotFoundError, NotADirectoryError), _telling(self.address):
            found = {path.rstrip("/").rpartition("/")[2] for path in self._store.ls(self._path, detail=False)}
            return sorted(name for name in found - {self._path.rpartition("/")[2]} if not name.startswith("."))
        return []

    def size(self, name: str) -> int:
        with _telling(self._at(name)):
            facts = self._store.info(self._at(name))
        if facts["type"] != "file":
            raise FileNotFoundError(errno.ENOENT, "it is no file", self._at(name))
        return int(facts["size"])

    def open(self, name: str) -> BinaryIO:
        """All of it comes over at once: what replaces it meanwhile is not mixed in."""
        spool = named_spool()
        try:
            with _telling(self._at(name)):
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
            with _telling(self._at(name)):
                self._store.put_file(spool.name, self._at(name))

    def append(self, name: str, content: bytes) -> None:
        with _telling(self._at(name)):
            self._store.pipe_file(self._at(name), self._former(name) + content)

    def delete(self, name: str) -> None:
        with suppress(FileNotFoundError), _telling(self._at(name)):
            self._store.rm_file(self._at(name))

    def clear(self) -> None:
        with suppress(OSError), _telling(self.address):
            self._store.rm(self._path, recursive=True)

    def _former(self, name: str) -> bytes:
        try:
            return bytes(self._store.cat_file(self._at(name)))
        except FileNotFoundError:
            return b""

    def _at(self, name: str) -> str:
        return f"{self._path}/{name}"


def refuse_credentials(address: str) -> None:
    """ConfigError for an address that holds a password: it would stand in the record, and in what is printed."""
    if _CREDENTIALS.search(address):
        message = f"`{_CREDENTIALS.sub('://...@', address)}` holds a user or a password"
        raise ConfigError(message, "leave them out: they are taken from the environment, as its own client takes them")


def _opened(address: str) -> tuple[Any, str]:
    kind = address.partition("://")[0]
    try:
        store, path = fsspec.core.url_to_fs(address, use_listings_cache=False)
    except ImportError as error:
        hint = f"`{install_extra(EXTRAS[kind])}`" if kind in EXTRAS else str(error)
        raise ConfigError(f"`{address}` needs a client that is not installed", hint) from error
    except ValueError as error:
        raise ConfigError(f"`{address}` is no address of a folder: {error}") from error
    return store, cast(str, path).rstrip("/")


@contextmanager
def _telling(path: str) -> Iterator[None]:
    """What clients raise in a way of their own, where there are no credentials for one, as an OSError."""
    try:
        yield
    except (OSError, MemoryError):
        raise
    except Exception as error:
        raise OSError(errno.EIO, str(error).strip() or type(error).__name__, path) from error
