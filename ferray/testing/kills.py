"""A child of this process that is killed at a chosen act on the disk, as by SIGKILL."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

ACTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.link", "os.truncate")  # as Python's audit events name them


def killed_at(number: int, act: Callable[[], object]) -> bool:
    """Let a child `act` and die before its act on the disk of that number, from 1; whether it came to that."""
    child = os.fork()
    if child == 0:
        try:
            _die_at(number)
            act()
        finally:  # whatever becomes of it, this child is no second run of the tests
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) != 0


def _die_at(number: int) -> None:
    seen = 0

    def count(event: str, _: object) -> None:
        nonlocal seen
        seen += event in ACTS
        if seen == number:
            os._exit(1)

    sys.addaudithook(count)
