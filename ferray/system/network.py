"""Whether a host answers, found out within a bound that holds whatever the network does."""

from __future__ import annotations

import ssl
import time
from contextlib import suppress
from http.client import HTTPException
from threading import Thread
from urllib.error import HTTPError
from urllib.request import Request, urlopen

PROBE_S = 3.0
SLOW_S = 20.0  # a server that takes seconds a request is slow, not gone
_TRIES = 3
NO_HANDSHAKE = 0  # somebody answers, whose certificate Python does not take; other clients may


def status_of(address: str, within_s: float = PROBE_S) -> int | None:
    """The HTTP status with which `address` answers, through the environment's proxy if any; None where nothing does.

    Asked on a thread of its own, since a name server that is silent is waited for without regard to any time-out.
    """
    heard: list[int] = []
    thread = Thread(target=lambda: heard.extend(_ask(address, within_s)), name="ferray-probe", daemon=True)
    thread.start()
    thread.join(within_s)
    return heard[0] if heard else None


def answers(address: str, within_s: float = SLOW_S) -> bool:
    """Whether `address` answers at all: one connection that breaks at once is no proof that it does not."""
    until = time.monotonic() + within_s
    for _ in range(_TRIES):
        left = until - time.monotonic()
        if left <= 0:
            return False
        if status_of(address, left) is not None:
            return True
    return False


def _ask(address: str, within_s: float) -> list[int]:
    with suppress(OSError, HTTPException, ValueError):
        try:
            with urlopen(Request(address, method="HEAD"), timeout=within_s) as answer:
                return [answer.status]
        except HTTPError as error:
            return [error.code]
        except OSError as error:
            if isinstance(error, ssl.SSLError) or isinstance(getattr(error, "reason", None), ssl.SSLError):
                return [NO_HANDSHAKE]
    return []
