"""Whether a Ray cluster answers at an address and takes our token: Ray itself tries for minutes before it says so."""

from __future__ import annotations

import os
import re
import socket

import grpc
from ray._private.authentication.authentication_utils import is_token_auth_enabled
from ray._private.grpc_utils import init_grpc_channel
from ray._private.services import canonicalize_bootstrap_address
from ray.core.generated import gcs_service_pb2, gcs_service_pb2_grpc, ray_client_pb2, ray_client_pb2_grpc
from ray.exceptions import AuthenticationError

from ferray.errors import ClusterError
from ferray.files.os_errors import system_words
from ferray.text.commands import command

ANSWER_WITHIN_S = 5.0
_HOST_AND_PORT = re.compile(r"(?P<client>ray://)?\[?(?P<host>[^\[\]/]+?)\]?:(?P<port>[0-9]{1,5})(?:/.*)?")
_ASK_ITS_OWNER = "set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN to what `ray get-auth-token` prints on its head"
_OF_STRANGERS = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNIMPLEMENTED)
_OF_DASHBOARDS = ("http://", "https://")
_OF_FILES = (".yaml", ".yml")
_START = "start a cluster with `ray start --head`, or leave out `--address`"


def ignored_address(address: str | None) -> str:
    """A note where the environment names a cluster that was not asked for; "" otherwise."""
    given = os.environ.get("RAY_ADDRESS", "")
    if address is not None or given in ("", "local"):
        return ""
    return f"RAY_ADDRESS is `{given}` and is not used: `--address auto` takes that cluster"


def not_joined(words: str, address: str) -> ClusterError:
    """What keeps this process out of a cluster that answers, by Ray's words."""
    whole = " ".join(words.split())
    if "ersion mismatch" in whole:
        message = f"this machine and the cluster at `{address}` have different versions: {whole.partition(': ')[2]}"
        return ClusterError(message, "install the Ray and the Python of the cluster here")
    if "No node info found" in whole:
        message = f"this machine is no node of the cluster at `{address}`, and a sweep is driven from one"
        return ClusterError(message, f"{_drive_there()}, or join it with `ray start --address={address} --num-cpus=0`")
    reason = words.strip().split("\n", 1)[0] or "no reason is given"
    if "Invalid address format" in whole:
        return ClusterError(f"`{address}` is no address of a Ray cluster", "write `auto`, or its head's `HOST:6379`")
    return ClusterError(f"no Ray cluster can be reached at `{address}`: {reason}", _START)


def _drive_there() -> str:
    submit = command("cluster submit")
    return f"run it on a node of the cluster with `--address auto`, or submit it with `{submit}`"


def refuse_unanswered(address: str) -> None:
    """ClusterError within seconds where no cluster answers at `address`, or none that takes our token.

    `auto` is `RAY_ADDRESS`, else the cluster of this machine. What names no host and port is left to Ray. ClusterError
    also where it is Ray's client that answers, and for what the commands of `ferray cluster` take as an address.
    """
    given = _address_of_auto() if address == "auto" else address
    if given.startswith(_OF_DASHBOARDS) or given.endswith(_OF_FILES):
        kind = "a file of Ray's launcher" if given.endswith(_OF_FILES) else "the address of a dashboard"
        raise ClusterError(f"`{given}` is {kind}, and a sweep is driven from a node", _drive_there())
    named = _HOST_AND_PORT.fullmatch(given)
    if named is None:
        return
    try:
        socket.create_connection((named["host"], int(named["port"])), ANSWER_WITHIN_S).close()
    except (OSError, OverflowError) as error:
        reason = system_words(error) or "no answer"
        raise ClusterError(f"nothing answers at `{given}`: {reason}", _START) from error
    is_client = named["client"] is not None
    _refuse_stranger(given, f"{named['host']}:{named['port']}", is_client=is_client)
    if is_client:  # Tune would run on the cluster then, and could not ask this process what to do
        raise ClusterError(f"a sweep cannot be driven through Ray's client at `{given}`", _drive_there())


def _address_of_auto() -> str:
    """What `auto` stands for; ClusterError where Ray finds no cluster."""
    try:
        return os.environ.get("RAY_ADDRESS") or canonicalize_bootstrap_address("auto") or ""
    except ConnectionError as error:
        raise ClusterError("`auto` finds no Ray cluster on this machine", _START) from error


def _refuse_stranger(given: str, target: str, *, is_client: bool) -> None:
    """ClusterError where what listens does not want us, or is no cluster."""
    try:
        with init_grpc_channel(target) as channel:
            _greet(channel, is_client=is_client)
    except AuthenticationError as error:
        message = f"RAY_AUTH_MODE is `token`, and there is no token for `{given}`"
        raise ClusterError(message, _ASK_ITS_OWNER) from error
    except grpc.RpcError as error:
        code = error.code()
        if code is grpc.StatusCode.UNAUTHENTICATED:
            ours = "refuses our token" if is_token_auth_enabled() else "wants a token, and RAY_AUTH_MODE is not `token`"
            raise ClusterError(f"the cluster at `{given}` {ours}", _ASK_ITS_OWNER) from error
        if code in _OF_STRANGERS:
            raise ClusterError(f"what answers at `{given}` is no Ray cluster of ours", _START) from error


def _greet(channel: grpc.Channel, *, is_client: bool) -> None:
    """Ask what every cluster answers."""
    if is_client:
        asked = ray_client_pb2.ClusterInfoRequest(type=ray_client_pb2.ClusterInfoType.PING)
        ray_client_pb2_grpc.RayletDriverStub(channel).ClusterInfo(asked, timeout=ANSWER_WITHIN_S)
    else:
        asked = gcs_service_pb2.GetClusterIdRequest()
        gcs_service_pb2_grpc.NodeInfoGcsServiceStub(channel).GetClusterId(asked, timeout=ANSWER_WITHIN_S)
