"""Where packed images, features and hashes are kept, and whose that folder is."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

from ferray.files.private_folder import make_private


def default_cache_dir() -> Path:
    """`$FERRAY_CACHE`, else the user's cache folder."""
    return Path(os.environ["FERRAY_CACHE"]) if os.environ.get("FERRAY_CACHE") else user_cache_path("ferray")


def cache_dir_here(drivers: Path) -> Path:
    """The cache folder of the node that a worker is on: what FERRAY_CACHE says there, else the driver's.

    Where that cannot be written here, since each machine has users and disks of its own, it is this user's.
    """
    if os.environ.get("FERRAY_CACHE"):
        return default_cache_dir()
    with suppress(OSError):
        make_cache_folder(drivers)
        if os.access(drivers, os.W_OK | os.X_OK):
            return drivers
    return default_cache_dir()


def make_cache_folder(folder: Path) -> None:
    """Make a folder of the cache; ferray's own is for its owner alone, since packs are faces under licence.

    A cache that somebody has chosen by FERRAY_CACHE is as the umask has it: a group may share it.
    """
    own = user_cache_path("ferray")
    if not os.environ.get("FERRAY_CACHE") and folder.is_relative_to(own):
        make_private(own)
    folder.mkdir(parents=True, exist_ok=True)
