"""A log is written once and whole, however often its connection is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ferray.cluster.following import PATIENCE_S, Follower
from ferray.cluster.head import Head
from ferray.errors import Unreachable
from ferray.testing.ray_head import RayHead, job

RUNS = {"/api/jobs/a": job("a"), "/api/jobs/a/logs": {"logs": "one\n"}}


@pytest.fixture
def server() -> Iterator[RayHead]:
    with RayHead(dict(RUNS)) as head:
        yield head


def told(server: RayHead, *turns: dict[str, Any], now: Callable[[], float] = lambda: 0.0) -> tuple[str, list[str], int]:
    """What was written, the lines about the connection, and the exit code, where the head answers so turn by turn."""
    coming = iter(turns)
    written: list[str] = []
    lines: list[str] = []
    follower = Follower(
        Head(server.url), written.append, lines.append, sleep=lambda _: server.answers.update(next(coming)), now=now
    )
    ended = follower.follow("a")
    return "".join(written), lines, ended.exit_code


def logs(text: str, status: str = "RUNNING") -> dict[str, Any]:
    return {"/api/jobs/a": job("a", status), "/api/jobs/a/logs": {"logs": text}}


def test_what_was_written_is_not_written_again(server: RayHead) -> None:
    assert told(server, logs("one\ntwo\n"), logs("one\ntwo\nthree\n", "SUCCEEDED"))[0] == "one\ntwo\nthree\n"


def test_a_head_that_is_gone_for_a_while_costs_no_line(server: RayHead) -> None:
    written, lines, code = told(server, {"/api/jobs/a": 502}, {"/api/jobs/a": 502}, logs("one\ntwo\n", "SUCCEEDED"))
    assert (written, code) == ("one\ntwo\n", 0)
    assert ["trying again" in lines[0], lines[1]] == [True, "the head answers again"]


def test_a_node_whose_log_is_gone_takes_nothing_back(server: RayHead) -> None:
    ended = {"/api/jobs/a": job("a", "FAILED", driver_exit_code=5), "/api/jobs/a/logs": 500}
    assert told(server, ended)[0::2] == ("one\n", 5)


def test_a_head_that_stays_away_is_given_up(server: RayHead) -> None:
    clock = iter((0.0, PATIENCE_S + 1))
    with pytest.raises(Unreachable):
        told(server, {"/api/jobs/a": 502}, {}, now=lambda: next(clock))


def test_the_way_is_opened_anew_where_it_is_lost(server: RayHead) -> None:
    opened: list[bool] = []
    server.answers["/api/jobs/a"] = 502

    def sleep(_: float) -> None:
        server.answers.update(logs("", "SUCCEEDED"))

    follower = Follower(
        Head(server.url), lambda _: None, lambda _: None, reconnect=lambda: opened.append(True), sleep=sleep
    )
    follower.follow("a")
    assert opened == [True]
