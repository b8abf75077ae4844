"""Who drives a sweep: a mark in the store that its owner renews, so that two drivers never decide at once."""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import optuna
import psutil
from optuna.exceptions import StorageInternalError

from ferray.errors import ConfigError, FerrayError
from ferray.study.records import LEASE_ATTR, DriverRecord
from ferray.study.store import swap_study_attr

RENEW_EVERY_S = 15.0
STALE_AFTER_S = 60.0
SAME_BIRTH_S = 30.0  # a process's birth moves when the clock is set
MOST_TRIES = 20  # of a take-over against an owner that renews in between


@dataclass(frozen=True)
class Process:
    """A process, and the place where its number means it: a kernel since its start, and a namespace of processes.

    Neither host nor number is an identity: containers share the one and all begin at 1.
    """

    host: str
    pid: int
    place: str
    born: float  # seconds since the epoch

    @classmethod
    def current(cls) -> Process:
        """This one."""
        return cls(socket.gethostname(), os.getpid(), _place(), psutil.Process().create_time())


class Lease:
    """The right to ask, report and finish on one study.

    Each write names the one that it follows and counts only if nobody was quicker, so that of two drivers that take a
    lease at once one has it. It is stale when its process is gone from this very place, or when it has not been renewed
    for STALE_AFTER_S (hosts are taken to agree on the time within that). A thread renews it, as an epoch may take
    longer; when it finds another owner it only says so in `is_lost`.
    """

    def __init__(
        self, study: optuna.Study, clock: Callable[[], float] = time.time, process: Process | None = None
    ) -> None:
        self._study = study
        self._clock = clock
        self._process = process or Process.current()
        self._token = uuid.uuid4().hex
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self.is_lost = False

    def take(self, *, force: bool = False) -> None:
        """Become the owner; ConfigError where a live driver is, unless `force`."""
        for _ in range(MOST_TRIES):
            held = self._read()
            if is_held(held) and not force and not self._is_stale(held):
                raise self._refusal(held)
            if self._write_after(held):
                break
        else:
            raise self._refusal(held)
        self._thread = threading.Thread(target=self._keep, name="ferray-lease", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Look in the store whether somebody else is the owner now."""
        self.is_lost = self.is_lost or self._read().get("token") != self._token

    def renew(self) -> None:
        """Say that the owner is alive, or notice that somebody else is the owner now."""
        held = self._read()
        self.is_lost = held.get("token") != self._token
        if not self.is_lost and not self._write_after(held):
            self.check()

    def release(self) -> None:
        """Stop renewing, and free the study for the next driver."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        held = self._read()
        if held.get("token") == self._token:
            self._swap(held, {})

    def _keep(self) -> None:
        while not self._ended.wait(RENEW_EVERY_S) and not self.is_lost:
            # A store that cannot be written ends the sweep by the driver's own writes.
            with suppress(OSError, FerrayError, StorageInternalError):
                self.renew()

    def _read(self) -> dict[str, Any]:
        # Not `user_attrs`, which copies the whole search each time.
        attrs: dict[str, Any] = self._study._storage.get_study_user_attrs(self._study._study_id)
        held: dict[str, Any] = attrs.get(LEASE_ATTR, {})
        return held

    def _write_after(self, held: dict[str, Any]) -> bool:
        return self._swap(held, {"token": self._token, "renewed": self._clock(), **asdict(self._process)})

    def _swap(self, held: dict[str, Any], mine: dict[str, Any]) -> bool:
        """Write in the place of `held`; whether it counts."""
        stamp = uuid.uuid4().hex
        swap_study_attr(self._study, LEASE_ATTR, {**mine, "after": held.get("stamp", ""), "stamp": stamp})
        return self._read().get("stamp") == stamp

    def _is_stale(self, held: dict[str, Any]) -> bool:
        if (held.get("place"), held["pid"]) == (self._process.place, self._process.pid):
            return True  # an earlier study of this very process
        return not _is_alive(held, self._clock())

    def _refusal(self, held: dict[str, Any]) -> ConfigError:
        owner, age = _driver(held, is_alive=True).who, max(0.0, self._clock() - held["renewed"])
        message = f"the sweep `{self._study.study_name}` is being run by {owner}, last heard of {age:.0f} s ago"
        return ConfigError(message, "wait for it, or pass `--take-over` when you know that it is gone")


def is_held(held: dict[str, Any]) -> bool:
    """Whether the lease is anybody's; one that was given back is nobody's."""
    return "token" in held


def driver_of(study_attrs: dict[str, Any], now: float) -> DriverRecord | None:
    """Who holds the lease in a study's user attributes; None where nobody does."""
    held: dict[str, Any] = study_attrs.get(LEASE_ATTR, {})
    return _driver(held, is_alive=_is_alive(held, now)) if is_held(held) else None


def _driver(held: dict[str, Any], *, is_alive: bool) -> DriverRecord:
    return DriverRecord(held["host"], held["pid"], held["renewed"], is_alive)


def _is_alive(held: dict[str, Any], now: float) -> bool:
    """Whether a lease was renewed of late, by a process that is not gone from this very place."""
    if now - held["renewed"] > STALE_AFTER_S:
        return False
    return held.get("place") != _place() or not _is_gone(held["pid"], held["born"])


def _place() -> str:
    """The kernel since it started and the namespace of processes; the host's name where there is no /proc."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()


def _is_gone(pid: int, born: float) -> bool:
    """Whether no process of this place has this number, or another one has it now: numbers are used again."""
    try:
        process = psutil.Process(pid)
        is_other = abs(process.create_time() - born) > SAME_BIRTH_S
        return is_other or process.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return not psutil.pid_exists(pid)  # another user's process may be there and tell nothing
