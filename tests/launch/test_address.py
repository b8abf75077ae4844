"""Cluster addresses at which nothing answers."""

from __future__ import annotations

import socket

import pytest

from ferray.config.runtime import Runtime
from ferray.errors import ClusterError
from ferray.launch._address import ignored_address, refuse_unanswered
from ferray.registry import ROOMS


@pytest.fixture
def closed_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_an_address_without_an_answer_is_refused(closed_port: int) -> None:
    with pytest.raises(ClusterError, match=f"nothing answers at `127.0.0.1:{closed_port}`"):
        refuse_unanswered(f"127.0.0.1:{closed_port}")


def test_the_check_refuses_it_before_ray_tries_for_minutes(closed_port: int) -> None:
    with pytest.raises(ClusterError, match="nothing answers"):
        ROOMS["launcher"].load("ray")(Runtime(address=f"ray://127.0.0.1:{closed_port}")).check()


def test_auto_means_the_address_of_the_environment(closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{closed_port}")
    with pytest.raises(ClusterError, match=f"`127.0.0.1:{closed_port}`"):
        refuse_unanswered("auto")


def test_a_port_that_is_none_is_refused() -> None:
    with pytest.raises(ClusterError, match="nothing answers"):
        refuse_unanswered("127.0.0.1:99999")


@pytest.mark.parametrize("address", ["127.0.0.1:{}", "ray://127.0.0.1:{}", "localhost:{}", "ray://127.0.0.1:{}/x"])
def test_an_address_that_answers_is_left_to_ray(address: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        refuse_unanswered(address.format(server.getsockname()[1]))


@pytest.mark.parametrize("address", ["auto", "local", "nonsense", ""])
def test_what_names_no_host_is_left_to_ray(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    refuse_unanswered(address)


def test_a_cluster_of_the_environment_that_is_not_used_is_mentioned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert (
        ignored_address(None) == "RAY_ADDRESS is `10.0.0.1:6379` and is not used: `--address auto` takes that cluster"
    )


@pytest.mark.parametrize(("given", "address"), [("", None), ("local", None), ("10.0.0.1:6379", "auto")])
def test_nothing_is_said_where_nothing_is_passed_over(
    given: str, address: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", given)
    assert ignored_address(address) == ""
