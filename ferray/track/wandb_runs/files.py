"""Where wandb keeps files of its own: with the runs of a sweep, and none outside its folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ferray.system.environment import with_variables

# Copies of tables; logs of its service and what it has uploaded; what its public interface makes for each run that it
# looks at. By default they lie in the user's home and in the folder of temporary files.
OWN_FOLDERS = {"WANDB_DATA_DIR": ".", "WANDB_CACHE_DIR": "cache", "WANDB_ARTIFACT_DIR": "cache", "WANDB_DIR": "cache"}


@contextmanager
def files_kept_in(folder: Path) -> Iterator[None]:
    """Have wandb keep its own files with the runs of the sweep in `folder`, unless the user has chosen a place."""
    places = {name: str((folder / "wandb" / place).absolute()) for name, place in OWN_FOLDERS.items()}
    ours = {name: path for name, path in places.items() if not os.environ.get(name)}
    with with_variables(ours):
        yield


def mark_sent(folder: Path) -> None:
    """Mark what is written of the runs of the sweep in `folder` as uploaded, so that wandb sends none of it again."""
    for file in (folder / "wandb").glob("*run-*/*.wandb"):
        file.with_name(f"{file.name}.synced").touch()
