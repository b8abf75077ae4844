"""What `ferray cluster check` looks at: the files that a kind of cluster is rendered into, or files that are there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ferray.cluster.kinds import KINDS, render
from ferray.errors import ConfigError, DataError, UnknownComponent, did_you_mean
from ferray.files.os_errors import reading
from ferray.files.read import read_text

MOST_BYTES = 1024 * 1024  # of a file, of which those that come with ferray have 10 kB
MOST_FILES = 500
LEFT_OUT = {".git", "__pycache__", "node_modules", ".venv"}


def files_to_check(names: Sequence[str]) -> dict[str, str]:
    """The texts of all that is named, by path: kinds with their defaults, files, and what lies in folders.

    Without names, every kind. UnknownComponent for a name that is neither, DataError for what cannot be read.
    """
    files: dict[str, str] = {}
    for name in names or list(KINDS):
        files |= render(name) if name in KINDS else dict(_read(name))
    if not files:
        raise ConfigError(
            f"{', '.join(f'`{name}`' for name in names)}: there is no file to check", "name another folder"
        )
    return files


def _read(name: str) -> Iterator[tuple[str, str]]:
    path = Path(name)
    if not path.exists():
        raise UnknownComponent(f"`{name}` is neither a kind of cluster nor a file", did_you_mean(name, KINDS))
    if path.is_file():
        yield name, read_text(path, DataError, most_bytes=MOST_BYTES)
        return
    with reading(path, DataError):
        found = sorted(file for file in path.rglob("*") if file.is_file() and not LEFT_OUT & set(file.parts))
    if len(found) > MOST_FILES:
        raise ConfigError(f"`{name}` holds {len(found):,} files", "name the files of the cluster, or their folder")
    for file in found:
        yield str(file), read_text(file, DataError, most_bytes=MOST_BYTES)
