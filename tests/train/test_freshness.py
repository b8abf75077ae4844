"""How long a warm worker's process is kept."""

from __future__ import annotations

import pytest

from ferray.train.freshness import Freshness


def test_worker_is_worn_out_after_many_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ferray.train.freshness.MOST_TRIALS", 2)
    freshness = Freshness()
    assert not freshness.is_gone
    freshness.count()
    assert freshness.is_gone


def test_worker_is_worn_out_when_its_memory_has_grown(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = iter([10, 10 + 3 * 2**30])
    monkeypatch.setattr("ferray.train.freshness._resident_bytes", lambda: next(sizes))
    freshness = Freshness()
    freshness.count()
    assert freshness.is_gone
