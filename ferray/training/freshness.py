"""How long a warm worker's process is kept."""

from __future__ import annotations

import resource

import psutil

from ferray.system.allocator import trim_freed_memory

MOST_TRIALS = 200  # that one worker process trains
MOST_GROWTH_BYTES = 2 * 2**30
MOST_FILES_FRACTION = 0.8  # of those that a process may have open: what leaks them ends in "too many open files"


class Freshness:
    """Whether a warm worker is still worth keeping: not after many trials, nor once memory or open files have crept up.

    Growth is measured from the end of the first trial on, when every library has been loaded and warmed up.
    """

    def __init__(self, trials: int = 1) -> None:
        self._trials = self._at_once = trials
        self._first_bytes: int | None = None

    def count(self, trials: int = 1) -> None:
        """Another trial begins in the same process, or so many that share it."""
        self._trials += trials
        self._at_once = trials
        if self._first_bytes is None:
            trim_freed_memory()  # what the first one has left unused is no measure
            self._first_bytes = _own_bytes()

    @property
    def is_gone(self) -> bool:
        """Whether the process should end with this trial, at whichever epoch that may be: most trials are pruned."""
        if self._trials >= MOST_TRIALS or _has_many_files_open():
            return True
        if not self._has_grown():
            return False
        trim_freed_memory()  # a training may have kept much that nobody holds
        return self._has_grown()

    def _has_grown(self) -> bool:
        return self._first_bytes is not None and _own_bytes() - self._first_bytes > MOST_GROWTH_BYTES * self._at_once


def _own_bytes() -> int:
    """Resident memory that would be free without this process: not the pages of packs, which every worker maps.

    Linux counts what is shared (macOS does not); psutil's `uss` walks through all mappings and takes milliseconds.
    """
    used = psutil.Process().memory_info()
    return int(used.rss - getattr(used, "shared", 0))


def _has_many_files_open() -> bool:
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return most > 0 and psutil.Process().num_fds() > MOST_FILES_FRACTION * most
