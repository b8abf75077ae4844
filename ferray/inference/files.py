"""Which pictures and videos lie behind the paths that somebody names, and what is passed over there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ferray.data.files import shown
from ferray.data.layout import IMAGE_SUFFIXES, UNREAD_SUFFIXES, look_into
from ferray.errors import ConfigError

VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv")


@dataclass(frozen=True)
class AskedFile:
    """A file to be answered; `below` is its path as annotated copies repeat it, from the folder that was named on."""

    path: Path
    kind: Literal["picture", "video"]
    below: Path

    @property
    def name(self) -> str:
        """Its path as it was named, printable."""
        return shown(str(self.path))


@dataclass(frozen=True)
class Unanswered:
    """A file, or a picture in it, without an answer; `kind` is what such ones are counted under."""

    file: str
    kind: str
    reason: str


@dataclass
class FoundFiles:
    """All that is to be answered, in order, and the files of named folders that are neither pictures nor videos."""

    asked: list[AskedFile] = field(default_factory=list)
    passed_over: list[Unanswered] = field(default_factory=list)


def find_files(paths: Sequence[Path]) -> FoundFiles:
    """What lies behind the paths: files as they are named, folders at any depth, in order of name.

    Hidden files and those of the desktop are left out; a link to nothing is a file that cannot be read. ConfigError for
    a path that is not there, DataError for a folder that cannot be read.
    """
    if missing := [path for path in paths if not (path.exists() or path.is_symlink())]:
        raise ConfigError(f"there is no file or folder `{missing[0]}`", "check the path; a pattern may match nothing")
    found = FoundFiles()
    for path in paths:
        if path.is_dir():
            _look_below(path, Path(path.name), found, seen={path.resolve()})
        else:
            found.asked.append(_asked(path, Path(path.name)))
    return found


def _look_below(folder: Path, below: Path, found: FoundFiles, seen: set[Path]) -> None:
    inside = look_into(folder)
    for name in sorted((*inside.images, *inside.others)):
        if name.lower().endswith((*IMAGE_SUFFIXES, *UNREAD_SUFFIXES, *VIDEO_SUFFIXES)):
            found.asked.append(_asked(folder / name, below / name))
        else:
            found.passed_over.append(Unanswered(shown(str(folder / name)), "no picture", "is no picture"))
    for inner in _unseen(inside.subfolders, seen):
        _look_below(inner, below / inner.name, found, seen)


def _unseen(folders: Sequence[Path], seen: set[Path]) -> Iterator[Path]:
    """Folders that no link has led to before, so that a link in a circle ends."""
    for folder in folders:
        if (real := folder.resolve()) not in seen:
            seen.add(real)
            yield folder


def _asked(path: Path, below: Path) -> AskedFile:
    return AskedFile(path, "video" if path.name.lower().endswith(VIDEO_SUFFIXES) else "picture", below)
