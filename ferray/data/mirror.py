"""The files of a data set that lie at an address such as `s3://bucket/data`, brought into the folder that mirrors it.

What is there already, by the size and mark that the listing gives, is not brought again; what is gone at the address is
deleted. All that reads data sets reads the folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from ferray.config.buckets import Client, bucket_errors, open_bucket, version_of
from ferray.config.cache_folder import make_cache_folder
from ferray.data.datasets import Dataset
from ferray.data.layout import homes_of_others
from ferray.data.only_maker import only_maker
from ferray.errors import DataError, StorageError
from ferray.files.atomic import atomic_write, write_text
from ferray.files.os_errors import os_errors_as

INDEX = ".mirrored.json"  # hidden, as readers of data sets pass over
AT_A_TIME = 16
PIECE = 2**20  # bytes

Progress = Callable[[int, int], None]
Versions = dict[str, list[Any]]  # by path below the address


@dataclass(frozen=True)
class _Remote:
    """What lies at an address: files that may be the data set's, and names right there that were not looked into."""

    files: Versions
    passed_over: frozenset[str]


_taken_as_it_is: list[bool] = []


def take_mirrors_as_they_are() -> None:
    """Have this process look at no address: whoever has started it has done so, and may read what it may not."""
    _taken_as_it_is[:] = [True]


def refresh_mirror(address: str, dataset: Dataset, progress: Progress | None = None) -> None:
    """Have in the data set's root what it reads at `address`, as it is there now; `progress(done, total)` counts files.

    DataError where there is nothing, or nothing that one may read; StorageError where the folder takes no writing.
    """
    if _taken_as_it_is:
        return
    client, place = open_bucket(address)
    folder = dataset.root
    with _named(address):
        remote = _list(client, place, dataset)
    with only_maker(folder), _named_disk(folder):
        make_cache_folder(folder)
        known = _read_index(folder)
        missing = [path for path, version in remote.files.items() if not _is_there(folder, path, version, known)]
        gone = [path for path in known if path not in remote.files and _top(path) not in remote.passed_over]
        kept = {path: version for path, version in known.items() if path not in {*missing, *gone}}
        try:
            _forget(folder, gone)
            for done, path in enumerate(_brought(client, (place, address), folder, missing), start=1):
                kept[path] = remote.files[path]
                if progress:
                    progress(done, len(missing))
        finally:
            if kept != known:
                write_text(folder / INDEX, json.dumps(kept), durable=False)


def _list(client: Client, place: str, dataset: Dataset) -> _Remote:
    """Every file that the data set may read, hidden ones left out; FileNotFoundError where there is nothing at all."""
    with bucket_errors():
        client.invalidate_cache()
        entries = {_below(place, known["name"]): known for known in client.ls(place, detail=True)}
        folders = _folders(dataset, [name for name, known in entries.items() if known["type"] == "directory"])
        found = {name: known for name, known in entries.items() if known["type"] == "file"}
        for name in folders:
            below = client.find(f"{place}/{name}", detail=True)
            found |= {_below(place, path): known for path, known in below.items()}
        if dataset.params.groups is not None:
            groups = PurePosixPath(dataset.params.groups).as_posix()
            with suppress(FileNotFoundError):
                found[groups] = client.info(f"{place}/{groups}")
    files = {path: version_of(known) for path, known in found.items() if _is_plain(path) and dataset.reads(path)}
    return _Remote(files, frozenset(entries) - set(folders))


def _folders(dataset: Dataset, names: Sequence[str]) -> list[str]:
    """Those that hold the data set, where there is one of them; else all but the ones that belong to other sets."""
    others = homes_of_others()
    own = [name for name in names if name.lower() in dataset.folders]
    return own or [name for name in names if name.lower() not in others]


def _top(path: str) -> str:
    return path.split("/", 1)[0]


def _below(place: str, path: str) -> str:
    return path.removeprefix(place).removeprefix("/")


def _is_plain(path: str) -> bool:
    """Whether the path stays below the folder, and is of a file that readers of data sets look at."""
    parts = path.split("/")
    return "\0" not in path and all(part and not part.startswith(".") for part in parts)


def _brought(client: Client, place: tuple[str, str], folder: Path, paths: Sequence[str]) -> Iterator[str]:
    """Each path, once its file is in the folder; `place` is the client's path of the address, and the address."""
    with ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="mirror") as pool:
        try:
            yield from pool.map(partial(_bring, client, place, folder), paths)
        finally:
            pool.shutdown(cancel_futures=True)


def _bring(client: Client, place: tuple[str, str], folder: Path, path: str) -> str:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(target, durable=False) as stream:
        for piece in _pieces(client, f"{place[0]}/{path}", f"{place[1]}/{path}"):
            stream.write(piece)
    return path


def _pieces(client: Client, path: str, address: str) -> Iterator[bytes]:
    """The content of a file; errors are the address's, and not those of whoever writes it."""
    with _named(address), bucket_errors():
        content = client.open(path, "rb")
    with content:
        while True:
            with _named(address), bucket_errors():
                piece = content.read(PIECE)
            if not piece:
                return
            yield piece


def _is_there(folder: Path, path: str, version: list[Any], known: Versions) -> bool:
    try:
        return known.get(path) == version and (folder / path).stat().st_size == version[0]
    except OSError:
        return False


def _forget(folder: Path, gone: Iterable[str]) -> None:
    for path in gone:
        with suppress(FileNotFoundError):
            (folder / path).unlink()


def _read_index(folder: Path) -> Versions:
    try:
        known = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _named(address: str) -> AbstractContextManager[None]:
    return os_errors_as(DataError, f"`{address}` cannot be read", "check the address, and your account's rights there")


def _named_disk(folder: Path) -> AbstractContextManager[None]:
    hint = "set FERRAY_CACHE to a folder with space that you may write to"
    return os_errors_as(StorageError, f"data cannot be mirrored into `{folder}`", hint)
