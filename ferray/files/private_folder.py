"""A folder that is its owner's: sweeps hold faces under licence, and whoever may write there may change results."""

from __future__ import annotations

import stat
from pathlib import Path


def make_private(folder: Path) -> None:
    """Make the folder, and those above it that are missing, for the owner alone; one that is there stays as it is.

    Below a folder whose setgid bit is set, the sign of one that a group shares, the umask decides instead.
    """
    if folder.is_dir():
        return
    make_private(folder.parent)
    is_shared = bool(folder.parent.stat().st_mode & stat.S_ISGID)
    folder.mkdir(mode=0o777 if is_shared else 0o700, exist_ok=True)
