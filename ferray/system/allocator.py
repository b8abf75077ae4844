"""What the C library does with freed memory: given to the system it comes back as zeroed pages, a fault for each.

A step of training frees and asks for the same hundreds of megabytes, and by default the large blocks among them are
mapped anew each time.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # as <malloc.h> of glibc numbers them
_LARGE = 1 << 30
_MOST = 32 << 20  # that an older glibc takes, and what any comes to by itself in a process that frees large blocks
_MORE_THAN_THERE_IS = 2**31 - 1
CHOSEN_BY_USERS = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")
_state = {"keeps": False}


class _Statistics(ctypes.Structure):
    """`mallinfo2` of glibc; the last but one is what is free."""

    _fields_ = (("others", ctypes.c_size_t * 8), ("free", ctypes.c_size_t), ("on_top", ctypes.c_size_t))


def keep_freed_memory() -> None:
    """Have the process keep what it frees, for what it asks for next, until `stop_keeping_freed_memory`.

    Of glibc alone, and not where the user has set how it allocates; elsewhere nothing is done.
    """
    _set_thresholds(_LARGE, _MORE_THAN_THERE_IS)
    _state["keeps"] = True


def stop_keeping_freed_memory() -> None:
    """Give the system all that is free, and from now on what is freed, as far as glibc does by itself."""
    _set_thresholds(_MOST, 2 * _MOST)
    _state["keeps"] = False
    trim_freed_memory()


@contextmanager
def keeping_freed_memory() -> Iterator[None]:
    """`keep_freed_memory` for a block, after which all is given back, unless the process had kept it before."""
    if _state["keeps"]:
        yield
        return
    keep_freed_memory()
    try:
        yield
    finally:
        stop_keeping_freed_memory()


def trim_freed_memory(*, spare: int = 0) -> None:
    """Give the system what is free, where that is more than so many bytes, and keep on keeping."""
    trim = _function("malloc_trim")
    if trim is not None and (not spare or _free_bytes() > spare):
        trim(0)


def _set_thresholds(mmap: int, trim: int) -> None:
    mallopt = _function("mallopt")
    if mallopt is not None and not any(name in os.environ for name in CHOSEN_BY_USERS):
        mallopt(_MMAP_THRESHOLD, mmap) or mallopt(_MMAP_THRESHOLD, _MOST)
        mallopt(_TRIM_THRESHOLD, trim)


def _free_bytes() -> float:
    """What the process keeps and nobody holds, some of which the system may have; infinite where glibc does not say."""
    statistics = _function("mallinfo2")
    if statistics is None:
        return float("inf")
    statistics.restype = _Statistics
    return float(statistics().free)


def _function(name: str) -> Any:
    """A function of the C library; None where it has none of that name, as musl and macOS."""
    return getattr(ctypes.CDLL(None), name, None)
