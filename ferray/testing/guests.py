"""A component of another package, which is there without being installed."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from ferray import registry
from ferray.registry import ROOMS, Room


def bring_guest(monkeypatch: pytest.MonkeyPatch, room: str, component: type) -> None:
    """Have `guest` in a room stand for a class that its module has at the top."""
    known = ROOMS[room]
    point = EntryPoint("guest", f"{component.__module__}:{component.__name__}", known.package)
    monkeypatch.setattr(registry, "entry_points", lambda *, group: [point] if group == known.package else [])
    monkeypatch.setitem(ROOMS, room, Room(known.package, known.interface, known.kind))
