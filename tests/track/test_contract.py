"""Every tracker against the contract of its room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ferray.registry import ROOMS
from ferray.testing.trackers import TrackerContract
from ferray.track import Tracker


class TestTrackers(TrackerContract):
    @pytest.fixture(params=ROOMS["tracker"].names())
    def tracker(
        self, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[Tracker]:
        monkeypatch.setenv("WANDB_MODE", "offline")
        built: Tracker = ROOMS["tracker"].load(request.param)(tmp_path)
        yield built
        built.close()
