"""`Drivers`: those who drive one study, each with a lease of its own, as one of them sees the others."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.trial import FrozenTrial

from ferray.config.entry import Entry
from ferray.errors import ConfigError
from ferray.study.lease import STALE_AFTER_S, Lease, Process, is_gone, leases_in, record_of
from ferray.study.records import DRIVER_ATTR, LEASE_ATTR, DriverRecord
from ferray.study.store import shared_database

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Owner:
    """Who trains a trial, as the trial says: the token of its driver's lease, and where that driver runs."""

    token: str
    host: str
    pid: int


class Drivers:
    """This driver's lease, and whether the other drivers of the study live.

    Who comes alone takes the first lease, and who joins one of its own. The holder of the first one also ends what dead
    drivers have left; when it is gone itself another takes that lease too. A driver lives as long as its lease is seen
    to change, by this process's own clock: those of hosts may differ.
    """

    def __init__(
        self,
        study: optuna.Study,
        *,
        clock: Callable[[], float] = time.time,
        tick: Callable[[], float] = time.monotonic,
        process: Process | None = None,
    ) -> None:
        self._study = study
        self._clock = clock
        self._tick = tick
        self._process = process or Process.current()
        self.token = uuid.uuid4().hex
        self._first = self._lease(LEASE_ATTR, self.token)
        self._own = self._first
        self._heard: dict[str, tuple[str, float]] = {}  # other leases: a stamp, and since when
        self.can_be_joined = shared_database(study) is not None
        self.is_steward = False  # holds the first lease

    @property
    def owner(self) -> Owner:
        """This driver, for the trials that it trains."""
        return Owner(self.token, self._process.host, self._process.pid)

    @property
    def is_lost(self) -> bool:
        """Whether another driver has taken this one for dead, or its place, as far as is known here."""
        return self._own.is_lost

    def enter(self, entry: Entry, tell: Tell | None = None) -> None:
        """Come to the study. ConfigError where others drive it and `entry` does not allow for that.

        With `tell`, a driver of another host that may be dead is watched for up to a minute, and is told of first.
        """
        if entry is Entry.JOIN:
            self._join()
            return
        keys = [LEASE_ATTR, *(key for key in leases_in(self._attrs()) if key != LEASE_ATTR)]
        if entry is Entry.ALONE:
            stale = {key: self._lease(key).watch(tell) if tell else "" for key in keys}
            for key in keys[1:]:
                self._lease(key).refuse_held(but=stale[key])
            self._first.take(but=stale[LEASE_ATTR])
        else:
            self._first.take(force=True)
        for key in keys[1:]:
            self._lease(key).revoke()
        self.is_steward = True

    def check(self) -> None:
        """Look in the store whether this driver's lease is still its own."""
        self._own.check()

    def release(self) -> None:
        """Give the study up to whoever drives on."""
        self._own.release()
        if self._own is not self._first:
            self._first.release()

    def look_after(self) -> bool:
        """Whether there is a dead driver to inherit from: this one is the steward, and another has just been buried.

        Takes the first lease where nobody has it any more.
        """
        leases = leases_in(self._attrs())
        is_new = self._take_vacant(leases.get(LEASE_ATTR, {}))
        if not self.is_steward:
            return False
        dead = [key for key, held in leases.items() if key != LEASE_ATTR and self._is_dead(key, held)]
        for key in dead:
            self._lease(key).revoke()
        return is_new or bool(dead)

    def living(self) -> frozenset[str]:
        """The tokens of drivers that are not known to be dead, this one's among them."""
        leases = leases_in(self._attrs())
        return frozenset({self.token} | {held["token"] for key, held in leases.items() if not self._is_dead(key, held)})

    def another(self) -> DriverRecord | None:
        """One of the others that drive the study; None where nobody does."""
        leases = leases_in(self._attrs()).items()
        living = (held for key, held in leases if held["token"] != self.token and not self._is_dead(key, held))
        return next((record_of(held, is_alive=True) for held in living), None)

    def _join(self) -> None:
        if not self.can_be_joined:
            message = "`--join` needs a store that several drivers can share"
            raise ConfigError(message, "pass the `--storage` of a PostgreSQL database; a journal has one driver")
        self._own = self._lease(f"{LEASE_ATTR}-{self.token}", self.token)
        self._own.take()
        self.look_after()

    def _take_vacant(self, held: dict[str, Any]) -> bool:
        """Whether this driver has just become the steward."""
        was_steward, self.is_steward = self.is_steward, held.get("token") == self.token
        if self.is_steward or (held and not self._is_dead(LEASE_ATTR, held)):
            return self.is_steward and not was_steward
        try:
            self._first.take(but=held.get("stamp", ""))
        except ConfigError:  # another was quicker
            return False
        self.is_steward = True
        return True

    def _is_dead(self, key: str, held: dict[str, Any]) -> bool:
        if held["token"] == self.token:
            return False
        stamp, since = self._heard.get(key, ("", 0.0))
        if stamp != held.get("stamp", "?"):
            since = self._tick()
            self._heard[key] = (held.get("stamp", "?"), since)
        return is_gone(held) or self._tick() - since > STALE_AFTER_S

    def _lease(self, key: str, token: str = "") -> Lease:
        return Lease(self._study, self._clock, self._process, key=key, token=token)

    def _attrs(self) -> dict[str, Any]:
        attrs: dict[str, Any] = self._study._storage.get_study_user_attrs(self._study._study_id)
        return attrs


def owner_of(trial: FrozenTrial) -> str:
    """The token of the driver that a trial was asked by; "" where it does not say."""
    return str(trial.user_attrs.get(DRIVER_ATTR, {}).get("token", ""))
