"""Where wandb keeps files of its own: with the runs of a sweep, and found again where the sweep's folder has moved."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Copies of tables; logs of its service and what it has uploaded. By default they lie in the user's home.
OWN_FOLDERS = {"WANDB_DATA_DIR": ".", "WANDB_CACHE_DIR": "cache"}
STAGED = Path("wandb", "artifacts", "staging")  # below WANDB_DATA_DIR; offline runs name what lies there by its path
WRITTEN_IN = "written-in"


@contextmanager
def files_kept_in(folder: Path) -> Iterator[None]:
    """Have wandb keep its own files with the runs of the sweep in `folder`, unless the user has chosen a place."""
    places = {name: str((folder / "wandb" / place).absolute()) for name, place in OWN_FOLDERS.items()}
    ours = {name: path for name, path in places.items() if not os.environ.get(name)}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)


def remember_place(folder: Path) -> None:
    """Write down that runs of the sweep in `folder` name their tables by its present path."""
    file, here = folder / "wandb" / WRITTEN_IN, str(folder.absolute())
    if here not in _places(file):
        with file.open("a", encoding="utf-8") as out:
            out.write(f"{here}\n")


@contextmanager
def found_where_written(folder: Path) -> Iterator[list[Path]]:
    """While inside, the tables of the sweep in `folder` are found by the paths that it had when they were written.

    Gives those former paths where that could not be done.
    """
    former = [Path(place) for place in _places(folder / "wandb" / WRITTEN_IN) if place != str(folder.absolute())]
    made: list[Path] = []
    try:
        yield [place for place in former if not _link(folder / STAGED, place, made)]
    finally:
        for path in reversed(made):
            with suppress(OSError):
                path.unlink() if path.is_symlink() else path.rmdir()


def _places(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []


def _link(staged: Path, former: Path, made: list[Path]) -> bool:
    """Put a link below the sweep's `former` folder for each file of `staged` that it lacks; False where none can be.

    All that is new on the disk is added to `made`. Names are random, so that another sweep's files are never met. What
    says where a sweep was may be another's: nothing is made but in a folder of sweeps that is there.
    """
    files = list(staged.glob("tmp*"))
    if not files:
        return True
    if not former.is_absolute() or not former.parent.is_dir():
        return False
    try:
        for folder in (*reversed(STAGED.parents), STAGED):  # from the sweep's own, which is `.`
            _make(former / folder, made)
        for file in files:
            link = former / STAGED / file.name
            if not os.path.lexists(link):
                link.symlink_to(file.absolute())
                made.append(link)
    except OSError:
        return False
    return True


def _make(folder: Path, made: list[Path]) -> None:
    if not folder.is_dir():
        folder.mkdir()
        made.append(folder)
