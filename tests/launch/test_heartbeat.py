"""Heads that answer, fall silent and stay so."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
import ray

from ferray.errors import ClusterError
from ferray.launch._heartbeat import LEFT_S, Heartbeat, heartbeat_of

GONE = ClusterError("the cluster is gone", "run the same command again")


@dataclass
class Head:
    """A head, the time, and what its heartbeat gave up with."""

    answers: bool = True
    time: float = 0.0
    given_up: list[ClusterError] = field(default_factory=list)


@pytest.fixture
def head() -> Head:
    return Head()


@pytest.fixture
def heartbeat(head: Head) -> Heartbeat:
    return Heartbeat(lambda: head.answers, GONE, 30.0, give_up=head.given_up.append, now=lambda: head.time)


def test_head_that_answers_is_there(heartbeat: Heartbeat, head: Head) -> None:
    head.time = 100.0
    heartbeat.beat()
    heartbeat.refuse_gone()


def test_head_that_has_been_silent_for_too_long_is_gone(heartbeat: Heartbeat, head: Head) -> None:
    head.answers, head.time = False, 31.0
    heartbeat.beat()
    with pytest.raises(ClusterError, match="is gone"):
        heartbeat.refuse_gone()


def test_main_thread_has_time_to_leave(heartbeat: Heartbeat, head: Head) -> None:
    head.answers, head.time = False, 30.0 + LEFT_S
    heartbeat.beat()
    assert head.given_up == []


def test_main_thread_that_does_not_come_back_is_given_up(heartbeat: Heartbeat, head: Head) -> None:
    head.answers, head.time = False, 31.0 + LEFT_S
    heartbeat.beat()
    assert head.given_up == [GONE]


def test_head_is_asked_where_ray_has_found_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        head = SimpleNamespace(gcs_address=f"127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.setattr(ray, "get_runtime_context", lambda: head)
        heartbeat = heartbeat_of("auto")
        assert heartbeat.answers()
    assert not heartbeat.answers()
