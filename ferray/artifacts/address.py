"""From an address to the files there: a path is a folder, `KIND://...` is of whatever kind has that name.

Other packages declare kinds as entry points of `ferray.artifacts`, so that a worker on another node finds one by its
name alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path

from ferray.artifacts.file_system import ArtifactFile, FileSystem
from ferray.artifacts.local import LocalFileSystem
from ferray.errors import ConfigError, did_you_mean
from ferray.text.commands import shortest_path

GROUP = "ferray.artifacts"
_KINDS: dict[str, Callable[[str], FileSystem]] = {}
_MOUNTS: dict[str, Callable[[str], FileSystem]] = {}


def register(kind: str, opened: Callable[[str], FileSystem]) -> None:
    """Have addresses that begin with `kind://` opened by `opened`, in this process alone."""
    _KINDS[kind] = opened


def mount(mounts: Mapping[str, Callable[[str], FileSystem]]) -> None:
    """Have these folders, with those below where there is a `/` behind, opened so in this process, not on its own disk.

    They take the place of those mounted before. A worker that does not see the driver's disk opens its trials' files
    by the paths that they have there.
    """
    _MOUNTS.clear()
    _MOUNTS.update(mounts)


def file_system_at(address: str) -> FileSystem:
    """The files at an address; ConfigError for a kind that there is not."""
    kind, mark, _ = address.partition("://")
    if not mark:
        return _mounted(address) or LocalFileSystem(address)
    if kind not in _KINDS:
        _KINDS[kind] = _declared(kind, address)
    return _KINDS[kind](address)


def file_at(address: str) -> ArtifactFile:
    """The file at an address, there or not."""
    place, _, name = address.rpartition("/")
    return ArtifactFile(file_system_at(place or ("/" if address.startswith("/") else ".")), name)


def shortest_address(address: str) -> str:
    """The address as one would type it here: a path relative where that is shorter, any other whole."""
    return address if "://" in address else shortest_path(Path(address))


def _mounted(path: str) -> FileSystem | None:
    for folder, opened in _MOUNTS.items():
        if path == folder.rstrip("/") or (folder.endswith("/") and path.startswith(folder)):
            return opened(path)
    return None


def _declared(kind: str, address: str) -> Callable[[str], FileSystem]:
    declared = {point.name: point for point in entry_points(group=GROUP)}
    if kind in declared:
        opened: Callable[[str], FileSystem] = declared[kind].load()
        return opened
    from ferray.artifacts.object_store import ObjectStore, object_store_kinds
    from ferray.config.buckets import refuse_credentials

    known = object_store_kinds()
    if kind not in known:
        refuse_credentials(address)
        message = f"`{kind}` is no kind of storage that ferray knows, in `{address}`"
        raise ConfigError(message, did_you_mean(kind, {*_KINDS, *declared, *known}))
    return ObjectStore
