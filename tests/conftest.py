"""What every test gets: no network, no telemetry, caches of its own."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ferray.system.allocator import CHOSEN_BY_USERS, stop_keeping_freed_memory

PR_SET_THP_DISABLE = 41  # as <linux/prctl.h> numbers it

os.environ["WANDB_MODE"] = "offline"
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's `&` has it ignored, and tests press Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # nohup has this one ignored
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One pack cache for the whole session, so that `demo` is drawn once a size."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_cache(shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's cache or data folder."""
    monkeypatch.setenv("FERRAY_CACHE", str(shared_cache))
    monkeypatch.delenv("FERRAY_DATA", raising=False)


@pytest.fixture(autouse=True, scope="module")
def frozen_libraries() -> None:
    """Have no trial's end look through what other tests, and their imports, have left: a third of a second each."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def default_allocator(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No memory is kept that is freed, afterwards either, and pages are small, whatever the user or the host has set.

    Where the host makes any memory of huge pages, one fault brings 512 small ones, and counting them shows nothing.
    """
    for name in CHOSEN_BY_USERS:
        monkeypatch.delenv(name, raising=False)
    _have_huge_pages(False)
    yield
    monkeypatch.undo()
    _have_huge_pages(True)
    stop_keeping_freed_memory()


def _have_huge_pages(are_had: bool) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, int(not are_had), 0, 0, 0)


def pytest_unconfigure() -> None:
    """Have libraries find their own objects again at the end, else they complain of leaks."""
    gc.unfreeze()
