"""Cluster addresses at which nothing answers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from ray.core.generated import gcs_service_pb2, gcs_service_pb2_grpc, ray_client_pb2, ray_client_pb2_grpc

from ferray.config.runtime import Runtime
from ferray.errors import ClusterError
from ferray.launch import _address
from ferray.launch._address import ignored_address, not_joined, refuse_unanswered
from ferray.launch._clusters import read_token_anew
from ferray.registry import ROOMS

TOKEN = "0123456789abcdef" * 2


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


class Head(gcs_service_pb2_grpc.NodeInfoGcsServiceServicer, ray_client_pb2_grpc.RayletDriverServicer):  # type: ignore[misc]
    """Answers as the head of a cluster does, to those who bring its token."""

    def GetClusterId(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802  # as Ray calls it
        self._refuse_strangers(context)
        return gcs_service_pb2.GetClusterIdReply()

    def ClusterInfo(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        self._refuse_strangers(context)
        return ray_client_pb2.ClusterInfoResponse()

    def _refuse_strangers(self, context: grpc.ServicerContext) -> None:
        if dict(context.invocation_metadata()).get("authorization") != f"Bearer {TOKEN}":
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "InvalidAuthToken")


@pytest.fixture
def head() -> Iterator[int]:
    """The port of a head that wants a token."""
    server = grpc.server(ThreadPoolExecutor(1))
    gcs_service_pb2_grpc.add_NodeInfoGcsServiceServicer_to_server(Head(), server)
    ray_client_pb2_grpc.add_RayletDriverServicer_to_server(Head(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield port
    server.stop(0)


def test_auto_without_a_cluster_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def finds_none(_: str) -> str:
        raise ConnectionError("Could not find any running Ray instance.")

    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(_address, "canonicalize_bootstrap_address", finds_none)
    with pytest.raises(ClusterError, match="`auto` finds no Ray cluster on this machine"):
        refuse_unanswered("auto")


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Nobody has a token, before Ray remembers one."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    read_token_anew()
    yield
    monkeypatch.undo()
    read_token_anew()


def bring(token: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    if token is not None:
        monkeypatch.setenv("RAY_AUTH_TOKEN", token)
    read_token_anew()


@pytest.mark.parametrize("address", ["ray://127.0.0.1:{}", "ray://127.0.0.1:{}/x"])
def test_rays_client_is_refused_with_what_drives_a_sweep_there(
    address: str, head: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(TOKEN, monkeypatch)
    with pytest.raises(ClusterError, match="cannot be driven through Ray's client") as refused:
        refuse_unanswered(address.format(head))
    assert "cluster submit" in str(refused.value.hint)


@pytest.mark.parametrize("address", ["127.0.0.1:{}", "localhost:{}"])
def test_a_cluster_that_takes_our_token_is_left_to_ray(
    address: str, head: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(TOKEN, monkeypatch)
    refuse_unanswered(address.format(head))


@pytest.mark.parametrize("address", ["127.0.0.1:{}", "ray://127.0.0.1:{}"])
@pytest.mark.parametrize(
    ("token", "why"), [("f" * 32, "refuses our token"), (None, "RAY_AUTH_MODE is `token`, and there is no token")]
)
def test_a_wrong_or_missing_token_is_named_at_once(
    address: str, token: str | None, why: str, head: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(token, monkeypatch)
    with pytest.raises(ClusterError, match=why) as refused:
        refuse_unanswered(address.format(head))
    assert "RAY_AUTH_MODE=token and RAY_AUTH_TOKEN" in str(refused.value.hint)


def test_a_cluster_that_wants_a_token_of_somebody_without_one_says_so(head: int) -> None:
    with pytest.raises(ClusterError, match="wants a token, and RAY_AUTH_MODE is not `token`"):
        refuse_unanswered(f"127.0.0.1:{head}")


def test_what_answers_and_is_no_cluster_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_address, "ANSWER_WITHIN_S", 0.2)
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(ClusterError, match="is no Ray cluster of ours"),
    ):
        refuse_unanswered(f"127.0.0.1:{server.getsockname()[1]}")


def test_what_speaks_as_ray_does_and_is_no_cluster_is_refused() -> None:
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with pytest.raises(ClusterError, match="is no Ray cluster of ours"):
        refuse_unanswered(f"127.0.0.1:{port}")
    server.stop(0)


@pytest.mark.parametrize(
    ("words", "said", "hint"),
    [
        (
            "Version mismatch: The cluster was started with:\n    Ray: 2.59.0\n    Python: 3.11.2\nThis process was",
            "different versions: The cluster was started with: Ray: 2.59.0 Python: 3.11.2 This process was",
            "install the Ray and the Python",
        ),
        (
            "No node info found matching attributes: '' when trying",
            "is no node of the cluster",
            "ray start --address=h:1",
        ),
        ("Invalid address format: h:1", "`h:1` is no address of a Ray cluster", "`auto`, or its head's `HOST:6379`"),
        ("timed out\nmore", "no Ray cluster can be reached at `h:1`: timed out", "ray start --head"),
    ],
)
def test_what_keeps_a_driver_out_of_a_cluster_has_a_sentence_and_a_hint(words: str, said: str, hint: str) -> None:
    refused = not_joined(words, "h:1")
    assert said in refused.message
    assert hint in str(refused.hint)


@pytest.mark.parametrize(
    ("address", "kind"),
    [("http://127.0.0.1:8265", "the address of a dashboard"), ("cluster/onprem.yaml", "a file of Ray's launcher")],
)
def test_what_cluster_commands_take_as_an_address_is_told_how_a_sweep_is_submitted(address: str, kind: str) -> None:
    with pytest.raises(ClusterError, match=f"`{address}` is {kind}") as caught:
        refuse_unanswered(address)
    assert "cluster submit`" in str(caught.value.hint)


@pytest.mark.parametrize("address", ["local", "nonsense", ""])
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
