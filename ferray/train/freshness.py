"""How long a warm worker's process is kept."""

from __future__ import annotations

import psutil

MOST_TRIALS = 200  # that one worker process trains
MOST_GROWTH_BYTES = 2 * 2**30


class Freshness:
    """Whether a warm worker is still worth keeping: not after many trials, nor once its memory has crept up.

    Growth is measured from the end of the first trial on, when every library has been loaded and warmed up.
    """

    def __init__(self) -> None:
        self._trials = 1
        self._first_bytes = 0

    def count(self) -> None:
        """Another trial begins in the same process."""
        self._trials += 1
        self._first_bytes = self._first_bytes or _resident_bytes()

    @property
    def is_gone(self) -> bool:
        """Whether the process should end with this trial."""
        grown = _resident_bytes() - self._first_bytes if self._first_bytes else 0
        return self._trials >= MOST_TRIALS or grown > MOST_GROWTH_BYTES


def _resident_bytes() -> int:
    return int(psutil.Process().memory_info().rss)
