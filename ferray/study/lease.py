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
from ferray.study.store import shared_database, swap_study_attr

RENEW_EVERY_S = 15.0
STALE_AFTER_S = 60.0
CLOCKS_AGREE_WITHIN_S = 600.0  # a lease that seems stale by less may be another clock's
WATCH_S = 20.0  # in which a live driver renews its lease once at least
LOOK_EVERY_S = 1.0
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
    """The right to ask, report and finish on one study, kept under `key`.

    Each write names the one that it follows and counts only if nobody was quicker, so that of two drivers that take a
    lease at once one has it. It is stale when its process is gone from this very place, or when it has not been renewed
    for STALE_AFTER_S: by the clock, and where hosts' clocks may differ by looking whether it is (`watch`). A thread
    renews it, as an epoch may take longer; when it finds another owner it only says so in `is_lost`.
    """

    def __init__(
        self,
        study: optuna.Study,
        clock: Callable[[], float] = time.time,
        process: Process | None = None,
        *,
        key: str = LEASE_ATTR,
        token: str = "",
    ) -> None:
        self._study = study
        self._clock = clock
        self._process = process or Process.current()
        self._key = key
        self._token = token or uuid.uuid4().hex
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self.is_lost = False

    def watch(self, tell: Callable[[str], None], pause: Callable[[float], None] = time.sleep) -> str:
        """Look whether the owner on another host still renews, which may take a minute; the stamp of what is stale.

        "" where there is nothing to look for. ConfigError as soon as the owner has renewed.
        """
        held = self._read()
        if not is_held(held) or held.get("place") == self._process.place or self._has_long_been_silent(held):
            return ""
        who, age = record_of(held, is_alive=True).who, max(0.0, self._clock() - held["renewed"])
        called = f"`{self._study.study_name}` was being run by {who}, last heard of {age:.0f} s ago"
        tell(f"{called}: looking for {STALE_AFTER_S:.0f} s at most whether it still is")
        watched = 0.0
        while watched < STALE_AFTER_S and not (watched >= WATCH_S and self._seems_silent(held)):
            pause(LOOK_EVERY_S)
            watched += LOOK_EVERY_S
            if (now := self._read()) != held:
                if is_held(now):
                    raise self._refusal(now)
                return ""
        return str(held.get("stamp", ""))

    def refuse_held(self, *, but: str = "") -> None:
        """ConfigError where a live driver is the owner by a lease that has not the stamp `but`."""
        held = self._read()
        if is_held(held) and not (but and held.get("stamp") == but) and not self._is_stale(held):
            raise self._refusal(held)

    def take(self, *, force: bool = False, but: str = "") -> None:
        """Become the owner; ConfigError where a live driver is, unless `force`, by a lease without the stamp `but`."""
        for _ in range(MOST_TRIES):
            held = self._read()
            if not force:
                self.refuse_held(but=but)
            if self._write_after(held):
                break
        else:
            raise self._refusal(held)
        self.is_lost = False
        if self._thread is None:
            self._thread = threading.Thread(target=self._keep, name="ferray-lease", daemon=True)
            self._thread.start()

    def revoke(self) -> None:
        """Take it from whoever has it."""
        for _ in range(MOST_TRIES):
            held = self._read()
            if not is_held(held) or self._swap(held, {}):
                return

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
        held: dict[str, Any] = attrs.get(self._key, {})
        return held

    def _write_after(self, held: dict[str, Any]) -> bool:
        return self._swap(held, {"token": self._token, "renewed": self._clock(), **asdict(self._process)})

    def _swap(self, held: dict[str, Any], mine: dict[str, Any]) -> bool:
        """Write in the place of `held`; whether it counts."""
        stamp = uuid.uuid4().hex
        swap_study_attr(self._study, self._key, {**mine, "after": held.get("stamp", ""), "stamp": stamp})
        return self._read().get("stamp") == stamp

    def _is_stale(self, held: dict[str, Any]) -> bool:
        if (held.get("place"), held["pid"]) == (self._process.place, self._process.pid):
            return True  # an earlier study of this very process
        return not is_alive(held, self._clock())

    def _seems_silent(self, held: dict[str, Any]) -> bool:
        age: float = self._clock() - held["renewed"]
        return age > STALE_AFTER_S

    def _has_long_been_silent(self, held: dict[str, Any]) -> bool:
        age: float = self._clock() - held["renewed"]
        return age > STALE_AFTER_S + CLOCKS_AGREE_WITHIN_S

    def _refusal(self, held: dict[str, Any]) -> ConfigError:
        owner, age = record_of(held, is_alive=True).who, max(0.0, self._clock() - held["renewed"])
        message = f"the sweep `{self._study.study_name}` is being run by {owner}, last heard of {age:.0f} s ago"
        join = ", help it with `--join`" if shared_database(self._study) else ""
        return ConfigError(message, f"wait for it{join}, or pass `--take-over` when you know that it is gone")


def is_held(held: dict[str, Any]) -> bool:
    """Whether the lease is anybody's; one that was given back is nobody's."""
    return "token" in held


def leases_in(study_attrs: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The leases in a study's user attributes that somebody holds, by key; the first driver's is `LEASE_ATTR`."""
    named = {key: held for key, held in study_attrs.items() if key == LEASE_ATTR or key.startswith(f"{LEASE_ATTR}-")}
    return {key: held for key, held in named.items() if is_held(held)}


def drivers_of(study_attrs: dict[str, Any], now: float) -> dict[str, DriverRecord]:
    """Who holds a lease of a study, by token: the living first, and among them the one that was there first."""
    leases = sorted(leases_in(study_attrs).items())
    found = {held["token"]: record_of(held, is_alive=is_alive(held, now)) for _, held in leases}
    return dict(sorted(found.items(), key=lambda each: not each[1].is_alive))


def driver_of(study_attrs: dict[str, Any], now: float) -> DriverRecord | None:
    """Who drives a study, by its user attributes; None where nobody does."""
    return next(iter(drivers_of(study_attrs, now).values()), None)


def record_of(held: dict[str, Any], *, is_alive: bool) -> DriverRecord:
    """A lease as the record has it."""
    return DriverRecord(held["host"], held["pid"], held["renewed"], is_alive)


def is_alive(held: dict[str, Any], now: float) -> bool:
    """Whether a lease was renewed of late, by a process that is not gone from this very place."""
    return now - held["renewed"] <= STALE_AFTER_S and not is_gone(held)


def is_gone(held: dict[str, Any]) -> bool:
    """Whether the process that holds a lease is known to have ended, since this is its place."""
    return held.get("place") == _place() and _has_ended(held["pid"], held["born"])


def _place() -> str:
    """The kernel since it started and the namespace of processes; the host's name where there is no /proc."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()


def _has_ended(pid: int, born: float) -> bool:
    """Whether no process of this place has this number, or another one has it now: numbers are used again."""
    try:
        process = psutil.Process(pid)
        is_other = abs(process.create_time() - born) > SAME_BIRTH_S
        return is_other or process.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return not psutil.pid_exists(pid)  # another user's process may be there and tell nothing
