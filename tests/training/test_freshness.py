"""How long a warm worker's process is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ferray.system.allocator import keep_freed_memory, stop_keeping_freed_memory
from ferray.training import freshness
from ferray.training.freshness import Freshness

MIB = 2**20


@pytest.fixture(autouse=True)
def small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freshness, "MOST_TRIALS", 3)
    monkeypatch.setattr(freshness, "MOST_GROWTH_BYTES", 64 * MIB)


def second_trial() -> Freshness:
    fresh = Freshness()
    fresh.count()
    return fresh


def test_worker_is_worn_out_after_many_trials() -> None:
    fresh = second_trial()
    assert not fresh.is_gone
    fresh.count()
    assert fresh.is_gone


def test_worker_is_worn_out_when_its_memory_has_grown() -> None:
    fresh = second_trial()
    grown = np.ones(128 * MIB, dtype=np.uint8)
    assert fresh.is_gone
    del grown


def test_first_trial_may_grow_as_it_likes() -> None:
    fresh = Freshness()
    grown = np.ones(128 * MIB, dtype=np.uint8)
    assert not fresh.is_gone
    del grown


def test_pages_of_a_mapped_pack_are_no_growth(tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", np.ones(128 * MIB, dtype=np.uint8))
    fresh = second_trial()
    images = np.load(tmp_path / "images.npy", mmap_mode="r")
    assert images.all()
    assert not fresh.is_gone


def test_worker_is_worn_out_when_it_leaks_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freshness, "MOST_FILES_FRACTION", 0.0)
    assert Freshness().is_gone


def test_few_open_files_wear_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freshness, "MOST_FILES_FRACTION", 0.99)
    assert not Freshness().is_gone


def test_trials_that_share_a_worker_may_grow_as_much_as_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freshness, "MOST_TRIALS", 9)
    fresh = Freshness(2)
    fresh.count(2)
    grown = np.ones(96 * MIB, dtype=np.uint8)
    assert not fresh.is_gone
    fresh.count(1)
    assert fresh.is_gone
    del grown


@pytest.fixture
def kept_memory() -> Iterator[None]:
    """What is freed stays with the process, as while a CPU trains."""
    keep_freed_memory()
    yield
    stop_keeping_freed_memory()


@pytest.mark.usefixtures("kept_memory")
def test_memory_that_the_first_trial_freed_hides_no_growth() -> None:
    fresh = Freshness()
    freed = np.ones(96 * MIB, dtype=np.uint8)
    del freed
    fresh.count()
    grown = np.ones(96 * MIB, dtype=np.uint8)
    assert fresh.is_gone
    del grown
