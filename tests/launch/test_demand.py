"""Nodes that are asked of an autoscaler, by placement groups that wait."""

from __future__ import annotations

from typing import Any

import pytest

from ferray.launch import _demand
from ferray.launch._demand import MOST, PREFIX, Demand


class Groups:
    """Placement groups as Ray keeps them: by name, with their state."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.bundles: list[dict[str, float]] = []

    def make(self, bundles: list[dict[str, float]], name: str) -> str:
        self.states[name] = "PENDING"
        self.bundles += bundles
        return name

    def table(self, name: str) -> dict[str, Any]:
        return {"state": self.states[name]}

    def remove(self, name: str) -> None:
        del self.states[name]


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> Groups:
    groups = Groups()
    monkeypatch.setattr(_demand, "placement_group", groups.make)
    monkeypatch.setattr(_demand, "placement_group_table", groups.table)
    monkeypatch.setattr(_demand, "remove_placement_group", groups.remove)
    return groups


def test_as_many_wait_as_would_be_of_use(groups: Groups) -> None:
    demand = Demand({"CPU": 1.0, "GPU": 1.0})
    demand.ask(3)
    assert groups.bundles == [{"CPU": 1.0, "GPU": 1.0}] * 3
    assert all(name.startswith(PREFIX) for name in groups.states)
    demand.ask(1)
    assert len(groups.states) == 1


def test_what_is_granted_is_given_back_with_all_that_wait(groups: Groups) -> None:
    demand = Demand({"CPU": 1.0})
    demand.ask(3)
    groups.states[next(iter(groups.states))] = "CREATED"
    demand.ask(2)
    assert groups.states == {}
    demand.ask(2)
    assert list(groups.states.values()) == ["PENDING"] * 2


def test_thousands_are_not_asked_for_at_once(groups: Groups) -> None:
    Demand({"CPU": 1.0}).ask(10_000)
    assert len(groups.states) == MOST
