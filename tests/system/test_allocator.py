"""What becomes of a block of memory that is freed."""

from __future__ import annotations

import ctypes
import platform
import resource

import psutil
import pytest

from ferray.system.allocator import (
    keep_freed_memory,
    keeping_freed_memory,
    stop_keeping_freed_memory,
    trim_freed_memory,
)

MIB = 2**20
BLOCK = 512 * MIB  # larger than a hole that tests before may have left, which would be filled and kept
pytestmark = [
    pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told what to keep"),
    pytest.mark.usefixtures("default_allocator"),
]


def take_and_free() -> None:
    """Write to every page of a block that no glibc keeps by itself."""
    b"x" * BLOCK


def resident() -> int:
    return int(psutil.Process().memory_info().rss)


def test_freed_block_is_had_again_without_faults() -> None:
    keep_freed_memory()
    take_and_free()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    take_and_free()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before < 8000  # of 131,072 pages


def test_kept_memory_is_given_back() -> None:
    before = resident()
    keep_freed_memory()
    take_and_free()
    assert resident() - before > BLOCK // 2
    stop_keeping_freed_memory()
    assert resident() - before < BLOCK // 4


def test_nothing_is_kept_once_that_has_been_stopped() -> None:
    keep_freed_memory()
    stop_keeping_freed_memory()
    before = resident()
    take_and_free()
    assert resident() - before < BLOCK // 4


def test_memory_that_is_trimmed_is_kept_again() -> None:
    keep_freed_memory()
    trim_freed_memory()
    before = resident()
    take_and_free()
    assert resident() - before > BLOCK // 2


def test_spare_memory_is_left_where_there_is_no_more_of_it() -> None:
    keep_freed_memory()
    take_and_free()
    before = resident()
    trim_freed_memory(spare=2**40)
    assert before - resident() < BLOCK // 4


def test_more_than_may_be_spare_is_given_back() -> None:
    keep_freed_memory()
    take_and_free()
    before = resident()
    trim_freed_memory(spare=16 * MIB)
    assert before - resident() > BLOCK // 2


def test_memory_is_kept_for_a_block() -> None:
    before = resident()
    with keeping_freed_memory():
        take_and_free()
        assert resident() - before > BLOCK // 2
    assert resident() - before < BLOCK // 4


def test_block_in_a_process_that_keeps_memory_changes_nothing() -> None:
    before = resident()
    keep_freed_memory()
    with keeping_freed_memory():
        take_and_free()
    assert resident() - before > BLOCK // 2


def test_nothing_is_kept_where_the_user_has_set_the_allocator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.arena_max=2")
    before = resident()
    keep_freed_memory()
    take_and_free()
    assert resident() - before < BLOCK // 4


def test_other_libraries_of_c_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    before = resident()
    keep_freed_memory()
    take_and_free()
    stop_keeping_freed_memory()
    assert resident() - before < BLOCK // 4
