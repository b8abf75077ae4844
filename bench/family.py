"""The processes that a benchmark has started, however they were orphaned, and nobody else's."""

from __future__ import annotations

import ctypes
import os
import time
from contextlib import suppress

import psutil

PR_SET_CHILD_SUBREAPER = 36
# Ray's titles of the processes that train: Tune wraps the class, and the wrapper's name stands while a method runs.
IN_A_STEP = "ray::ResourceTrainable.train"
IN_ITS_START = "ray::ResourceTrainable.__init__"
WORKERS = ("ray::ResourceTrainable", "ray::BundleTrainable")
IDLE = "ray::IDLE"
IMPORTING_BYTES = 250 * 2**20  # a worker that Ray keeps in reserve has less than that, one that imports torch more
RAYLET = "raylet"
CONTROL_STORE = "gcs_server"


def adopt_orphans() -> None:
    """Have the kernel hand this process every orphan below it: the tree stays whole when its middle is killed."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def members() -> list[psutil.Process]:
    """Every living process below this one; the dead among the adopted are reaped, the others left to their Popen."""
    living = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            living.append(process)
    return living


def reap(but: set[int]) -> None:
    """Bury adopted children that are dead, but not those whose exit code somebody waits for."""
    for process in psutil.Process().children():
        with suppress(psutil.Error, ChildProcessError):
            if process.pid not in but and process.status() == psutil.STATUS_ZOMBIE:
                os.waitpid(process.pid, os.WNOHANG)


def in_their_start() -> list[psutil.Process]:
    """Workers that import what they need, or build their first trial."""
    importing = []
    for process in titled(IDLE):
        with suppress(psutil.Error):
            importing += [process] * (process.memory_info().rss > IMPORTING_BYTES)
    return titled(IN_ITS_START) + importing


def titled(title: str | tuple[str, ...]) -> list[psutil.Process]:
    """Those whose program or title begins with these letters, or with any of those."""
    found = []
    for process in members():
        with suppress(psutil.Error, IndexError):
            if process.name().startswith(title) or process.cmdline()[0].startswith(title):
                found.append(process)
    return found


def kill(processes: list[psutil.Process]) -> None:
    """SIGKILL, all at once."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def left_after(seconds: float) -> list[str]:
    """The names of those that are still there after so long; they are killed then."""
    until = time.monotonic() + seconds
    while members() and time.monotonic() < until:
        reap(set())
        time.sleep(0.1)
    names = []
    for process in members():
        with suppress(psutil.Error):
            names.append(process.name())
    kill(members())
    return names
