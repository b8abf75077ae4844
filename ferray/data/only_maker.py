"""One process of a machine at a time makes what all of them use."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ferray.config.cache_folder import make_cache_folder


@contextmanager
def only_maker(path: Path) -> Iterator[None]:
    """Hold the lock of what appears at `path`, where the disk knows locks; elsewhere making it twice is merely slow."""
    with suppress(OSError):
        make_cache_folder(path.parent)
    with ExitStack() as held:
        with suppress(OSError):
            lock = held.enter_context((path.parent.parent / f"{path.name}.lock").open("a"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
