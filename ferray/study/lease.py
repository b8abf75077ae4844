"""Who drives a sweep: a mark in the store that its owner renews, so that two drivers never decide at once."""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import optuna
import psutil
from optuna.exceptions import StorageInternalError

from ferray.errors import ConfigError, FerrayError
from ferray.study.records import DriverRecord

LEASE_ATTR = "lease"
RENEW_EVERY_S = 15.0
STALE_AFTER_S = 60.0


class Lease:
    """The right to ask, report and finish on one study.

    Held by a process of a host. It is stale when its process is gone from this very host, or when it has not been
    renewed for STALE_AFTER_S (hosts are taken to agree on the time within that). A thread renews it, as an epoch may
    take longer; when it finds another owner it only says so in `is_lost`.
    """

    def __init__(self, study: optuna.Study, clock: Callable[[], float] = time.time) -> None:
        self._study = study
        self._clock = clock
        self._token = uuid.uuid4().hex
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self.is_lost = False

    def take(self, *, force: bool = False) -> None:
        """Become the owner; ConfigError where a live driver is, unless `force`."""
        held = self._read()
        if held and not force and not self._is_stale(held):
            owner = f"process {held['pid']} on {held['host']}"
            age = max(0.0, self._clock() - held["renewed"])
            message = f"the sweep `{self._study.study_name}` is being run by {owner}, last heard of {age:.0f} s ago"
            raise ConfigError(message, "wait for it, or pass `--take-over` when you know that it is gone")
        self._write()
        self._thread = threading.Thread(target=self._keep, name="ferray-lease", daemon=True)
        self._thread.start()

    def renew(self) -> None:
        """Say that the owner is alive, or notice that somebody else is the owner now."""
        held = self._read()
        if held and held["token"] != self._token:
            self.is_lost = True
            return
        self._write()

    def release(self) -> None:
        """Stop renewing, and free the study for the next driver."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        held = self._read()
        if held and held["token"] == self._token:
            self._study.set_user_attr(LEASE_ATTR, {})

    def _keep(self) -> None:
        while not self._ended.wait(RENEW_EVERY_S) and not self.is_lost:
            # A store that cannot be written ends the sweep by the driver's own writes.
            with suppress(OSError, FerrayError, StorageInternalError):
                self.renew()

    def _read(self) -> dict[str, Any]:
        held: dict[str, Any] = self._study.user_attrs.get(LEASE_ATTR, {})
        return held

    def _write(self) -> None:
        me = {"token": self._token, "host": socket.gethostname(), "pid": os.getpid(), "renewed": self._clock()}
        self._study.set_user_attr(LEASE_ATTR, {**me, "born": _born(os.getpid())})

    def _is_stale(self, held: dict[str, Any]) -> bool:
        if held["host"] == socket.gethostname() and held["pid"] == os.getpid():
            return True  # an earlier study of this very process
        return not _is_alive(held, self._clock())


def driver_of(study_attrs: dict[str, Any], now: float) -> DriverRecord | None:
    """Who holds the lease in a study's user attributes; None where nobody does."""
    held: dict[str, Any] = study_attrs.get(LEASE_ATTR, {})
    if not held:
        return None
    return DriverRecord(held["host"], held["pid"], held["renewed"], is_alive=_is_alive(held, now))


def _is_alive(held: dict[str, Any], now: float) -> bool:
    """Whether a lease was renewed of late, by a process that is not gone from this very host."""
    if now - held["renewed"] > STALE_AFTER_S:
        return False
    return held["host"] != socket.gethostname() or bool(_born(held["pid"]) == held["born"])


def _born(pid: int) -> float | None:
    """When a process of this host started, None where there is none: numbers alone are used again."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None
