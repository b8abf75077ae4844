"""`Clocks`: how long each running trial has waited, started or said nothing, and where that is too long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

START_LIMIT_S = 600.0  # importing torch takes half a minute, and minutes from a slow network's disk


class Phase(StrEnum):
    """Where a trial is that has been asked: before its resources are there, before its first step, in its steps."""

    WAITS = "waits"
    STARTS = "starts"
    TRAINS = "trains"


@dataclass
class Clocks:
    """The phase of each running trial, and when it was entered or last heard of, by `now` in seconds.

    A trial that waits may do so for as long as others hold the cluster. `timeout_s` bounds the silence of one that
    trains; None leaves that without a bound.
    """

    now: Callable[[], float]
    timeout_s: float | None = None
    _since: dict[int, tuple[Phase, float]] = field(default_factory=dict)

    def enter(self, number: int, phase: Phase) -> None:
        """The trial is in this phase; its time there runs on if it was already."""
        if number not in self._since or self._since[number][0] is not phase:
            self._since[number] = (phase, self.now())

    def hear(self, number: int) -> None:
        """The trial has ended an epoch."""
        self._since[number] = (Phase.TRAINS, self.now())

    def forget(self, number: int) -> None:
        """The trial has ended."""
        self._since.pop(number, None)

    def overdue(self) -> dict[int, str]:
        """The trials that are taken to hang, each with what it fails with."""
        return {
            number: self._words(phase) for number, (phase, since) in self._since.items() if self._is_late(phase, since)
        }

    def all_wait_s(self) -> float:
        """For how long every running trial has waited for its resources; 0 where one has them, or none runs."""
        if not self._since or any(phase is not Phase.WAITS for phase, _ in self._since.values()):
            return 0.0
        return self.now() - max(since for _, since in self._since.values())

    def _is_late(self, phase: Phase, since: float) -> bool:
        limit = {Phase.WAITS: None, Phase.STARTS: START_LIMIT_S, Phase.TRAINS: self.timeout_s}[phase]
        return limit is not None and self.now() - since > limit

    def _words(self, phase: Phase) -> str:
        if phase is Phase.STARTS:
            return f"its worker did not start within {START_LIMIT_S:g} s"
        return f"no word for {self.timeout_s:g} s"
