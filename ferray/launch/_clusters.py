"""Whose Ray a sweep runs on: one that is its owner's alone, on loopback and behind a token of its own, or another's.

Whoever reaches a port of Ray's without being asked for a token runs code as the one who started it.
"""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from ray._private import ray_constants
from ray._raylet import AuthenticationTokenLoader, Config, setproctitle  # type: ignore[attr-defined]  # compiled, without stubs

from ferray.config.urls import hide_passwords
from ferray.launch._address import refuse_unanswered
from ferray.system.environment import with_variables

_ON_LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"  # "0": not even `_node_ip_address` has Ray bind to loopback alone
_TOKEN_PATH = "RAY_AUTH_TOKEN_PATH"
_OBJECT_STORE_BYTES = 100 * 2**20  # nothing of ours goes through the object store: data is mapped from disk


@contextmanager
def own_cluster(folder: Path) -> Iterator[dict[str, Any]]:
    """The options with which `ray.init` starts one in `folder`; around them the environment its processes inherit.

    The token is in no file and no argument, and a new one each time. What the user's environment says of other
    clusters is put back at the end.
    """
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    joins_others = ray_constants.ENABLE_RAY_CLUSTER
    # Ray opens the folder of its sessions to everybody: it is one inside that which the owner alone may enter.
    place = {"address": "local", "_temp_dir": str(folder / "r")}
    try:
        with with_variables({_ON_LOOPBACK: "0", _TOKEN_PATH: None, **token}):
            ray_constants.ENABLE_RAY_CLUSTER = False  # what this process took from its environment when it imported Ray
            read_token_anew()
            yield {**place, "object_store_memory": _OBJECT_STORE_BYTES, "include_dashboard": False}
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = joins_others
        read_token_anew()


@contextmanager
def others_cluster(address: str) -> Iterator[dict[str, Any]]:
    """The options with which `ray.init` joins one, with the token, if any, that the environment has now.

    ClusterError within seconds where nothing answers, or nothing that takes the token.
    """
    read_token_anew()
    refuse_unanswered(address)
    yield {"address": address}


def hide_arguments() -> None:
    """Take passwords out of this process's command line, which Ray keeps and tells to all who look at the cluster."""
    given = psutil.Process().cmdline()
    if (shown := hide_passwords(given)) != given:
        setproctitle(shlex.join(shown))


def read_token_anew() -> None:
    """Have this process ask the environment for its token again, of which Ray remembers the first that it saw."""
    Config.initialize("")  # first: a thread of Ray's that still runs dies where a token is asked for and there is none
    AuthenticationTokenLoader.instance().reset_cache()
