"""Whether anything answers at a cluster's address: Ray itself tries for two minutes before it says so, or ends."""

from __future__ import annotations

import os
import re
import socket

from ferray.errors import ClusterError

ANSWER_WITHIN_S = 5.0
_HOST_AND_PORT = re.compile(r"(?:ray://)?\[?(?P<host>[^\[\]/]+?)\]?:(?P<port>[0-9]{1,5})(?:/.*)?")


def ignored_address(address: str | None) -> str:
    """A note where the environment names a cluster that was not asked for; "" otherwise."""
    given = os.environ.get("RAY_ADDRESS", "")
    if address is not None or given in ("", "local"):
        return ""
    return f"RAY_ADDRESS is `{given}` and is not used: `--address auto` takes that cluster"


def refuse_unanswered(address: str) -> None:
    """ClusterError within seconds where nothing listens at `address`, or at `RAY_ADDRESS` for `auto`.

    What names no host and port is left to Ray, which looks for a cluster of this machine then.
    """
    given = os.environ.get("RAY_ADDRESS", "") if address == "auto" else address
    named = _HOST_AND_PORT.fullmatch(given)
    if named is None:
        return
    try:
        socket.create_connection((named["host"], int(named["port"])), ANSWER_WITHIN_S).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error) or "no answer"
        message = f"nothing answers at `{given}`: {reason}"
        raise ClusterError(message, "start a cluster with `ray start --head`, or leave out `--address`") from error
