"""Python's garbage collector, kept away from work that makes a million objects and drops none."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collection() -> Iterator[None]:
    """Without the collector, which would walk a growing record again and again: half the time of reading one."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            if not gc.get_freeze_count():
                # Now all of it counts as looked at; else the next object that is made would have it walked through.
                gc.freeze()
                gc.unfreeze()
            gc.enable()
