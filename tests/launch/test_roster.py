"""Which nodes may train: those that have answered, and neither failed nor are about to go."""

from __future__ import annotations

import pytest

from ferray.launch._node_check import Verdict
from ferray.launch._nodes import Node
from ferray.launch._roster import Roster

A, B = Node("a1", "gpu-3", "10.0.0.3"), Node("b2", "gpu-4", "10.0.0.4")


class Checks:
    """Nodes that answer when they are told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.given: dict[str, Verdict] = {}

    def ask(self, node: Node) -> None:
        self.asked.append(node.id)

    def answers(self, within_s: float = 0.0) -> dict[str, Verdict]:
        given, self.given = self.given, {}
        return given


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def checks() -> Checks:
    return Checks()


@pytest.fixture
def roster(told: list[str], checks: Checks) -> Roster:
    """Of two nodes, neither of which has answered."""
    roster = Roster(told.append, checks)
    roster.look([A, B])
    return roster


def test_each_node_is_asked_once(roster: Roster, checks: Checks) -> None:
    roster.look([A, B])
    assert checks.asked == ["a1", "b2"]


def test_node_counts_once_it_has_answered(roster: Roster, checks: Checks) -> None:
    assert roster.able == []
    assert roster.is_waited_for
    checks.given = {"a1": Verdict(), "b2": Verdict()}
    roster.hear()
    assert roster.able == [A, B]
    assert not roster.is_waited_for


def test_node_that_fails_is_left_out_and_named_once(roster: Roster, checks: Checks, told: list[str]) -> None:
    checks.given = {"a1": Verdict(), "b2": Verdict("its Ray is `2.59.0`, the driver's `2.60.0`")}
    roster.hear()
    roster.leave_out("b2", "no worker starts")
    assert roster.able == [A]
    assert roster.avoided == {"b2"}
    assert told == ["node `gpu-4` (10.0.0.4) is left out: its Ray is `2.59.0`, the driver's `2.60.0`"]


def test_note_keeps_no_node_out(roster: Roster, checks: Checks, told: list[str]) -> None:
    checks.given = {"a1": Verdict("", ("its clock is 300 s ahead",))}
    roster.hear()
    assert roster.able == [A]
    assert told == ["node `gpu-3` (10.0.0.3): its clock is 300 s ahead"]


def test_node_that_is_gone_is_waited_for_no_more(roster: Roster, checks: Checks) -> None:
    checks.given = {"a1": Verdict()}
    roster.hear()
    roster.look([A])
    assert not roster.is_waited_for


def test_nothing_starts_on_a_node_that_ray_drains(told: list[str]) -> None:
    roster = Roster(told.append)
    roster.look([A, B], draining=["b2"])
    roster.look([A, B], draining=["b2"])
    assert roster.able == [A]
    assert roster.why_leave("b2") == "node `gpu-4` (10.0.0.4) is to go"
    assert roster.why_leave("a1") == ""
    assert told == ["node `gpu-4` (10.0.0.4) is to go: its trials save and move"]


def test_node_that_holds_no_trial_is_not_asked(checks: Checks) -> None:
    roster = Roster(lambda _: None, checks, lambda node: node.id != "a1")
    roster.look([A, B])
    assert checks.asked == ["b2"]
