"""What every test gets: no network, no telemetry, caches of its own."""

from __future__ import annotations

import ctypes
import gc
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ferray.system.allocator import CHOSEN_BY_USERS, stop_keeping_freed_memory

PR_SET_THP_DISABLE = 41  # as <linux/prctl.h> numbers it

# What a user or a service has set that changes how things are printed, where they go or who is asked. No test asks any
# other host, and to this one no proxy leads.
CHOSEN_OUTSIDE = re.compile(
    r"COLORTERM|COLUMNS|FORCE_COLOR|GITHUB_ACTIONS|JPY_\w+|LINES|NO_COLOR|PY_COLORS|TERMINAL_WIDTH|TTY_\w+"
    r"|BROWSER|EDITOR|MPL\w+|PAGER|VISUAL|FERRAY_(CACHE|DATA)|(AWS|HF|RAY|SLURM|WANDB|XDG)_\w+|PG[A-Z]+"
    r"|PYTHONWARNINGS|(?i:(all|http|https|no)_proxy)"
)
for name in filter(CHOSEN_OUTSIDE.fullmatch, list(os.environ)):
    del os.environ[name]
os.environ["TERM"] = "xterm"  # a dumb one has no width but 80
os.environ["WANDB_MODE"] = "offline"
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's `&` has it ignored, and tests press Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # nohup has this one ignored
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One pack cache for the whole session, so that `demo` is drawn once a size, and the user's is left alone.

    Fixtures of a module, which come before those of a test, have it too.
    """
    with pytest.MonkeyPatch.context() as patch:
        cache = tmp_path_factory.mktemp("cache")
        patch.setenv("FERRAY_CACHE", str(cache))
        yield cache


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
    _choose_nothing(monkeypatch)
    _have_huge_pages(False)
    yield
    monkeypatch.undo()
    _choose_nothing(monkeypatch)  # what the user has set is back, and would have the next test keep what this one did
    _have_huge_pages(True)
    stop_keeping_freed_memory()


def _choose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CHOSEN_BY_USERS:
        monkeypatch.delenv(name, raising=False)


def _have_huge_pages(are_had: bool) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, int(not are_had), 0, 0, 0)


def pytest_unconfigure() -> None:
    """Have libraries find their own objects again at the end, else they complain of leaks."""
    gc.unfreeze()
