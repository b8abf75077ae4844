"""`Timeouts`: how long each running trial has waited, started or said nothing, and where that is too long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

TIMES_LONGEST = 20  # a trial's longest epoch: for so long it may be silent where nobody has set a bound
LEAST_SILENCE_S = 600.0  # a disk that hangs for minutes comes back
FIRST_EPOCH_S = 86_400.0  # before a trial's first epoch nothing is known of it
DRIVER_STOOD_S = 60.0  # between two looks: the driver itself was stopped, as by Ctrl-Z, and nobody was heard meanwhile
LOOK_S = 1.0  # between two looks: with a thousand trials one takes milliseconds, and the loop turns for every epoch
START_LIMIT_S = 600.0  # importing torch takes half a minute, and minutes from a slow network's disk


class Phase(StrEnum):
    """Where a trial is that has been asked: before its resources are there, before its first step, in its steps."""

    WAITS = "waits"
    STARTS = "starts"
    TRAINS = "trains"


@dataclass
class Timeouts:
    """The phase of each running trial, and when it was entered or last heard of, by `now` in seconds.

    A trial that waits may do so for as long as others hold the cluster. `timeout_s` bounds the silence of one that
    trains; where it is None that is many times the trial's own longest epoch.
    """

    now: Callable[[], float]
    timeout_s: float | None = None
    _since: dict[int, tuple[Phase, float]] = field(default_factory=dict)
    _longest_s: dict[int, float] = field(default_factory=dict)  # epoch of each trial
    _looked: float | None = None

    def enter(self, number: int, phase: Phase) -> None:
        """The trial is in this phase; its time there runs on if it was already."""
        if number not in self._since or self._since[number][0] is not phase:
            self._since[number] = (phase, self.now())

    def epoch_ended(self, number: int) -> None:
        """The trial has ended an epoch."""
        phase, since = self._since.get(number, (Phase.WAITS, self.now()))
        if phase is Phase.TRAINS:
            self._longest_s[number] = max(self._longest_s.get(number, 0.0), self.now() - since)
        self._since[number] = (Phase.TRAINS, self.now())

    def forget(self, number: int) -> None:
        """The trial has ended."""
        self._since.pop(number, None)
        self._longest_s.pop(number, None)

    def overdue(self) -> dict[int, str]:
        """The trials that are taken to hang, each with what it fails with; none within LOOK_S of the look before."""
        now = self.now()
        if self._looked is not None and 0 <= now - self._looked < LOOK_S:
            return {}
        self._leave_out_own_stop(now)
        late = [number for number, (phase, since) in self._since.items() if self._is_late(number, phase, now - since)]
        return {number: self._words(number) for number in late}

    def numbers_in(self, phase: Phase) -> list[int]:
        """The trials that are in this phase."""
        return [number for number, (now, _) in self._since.items() if now is phase]

    def all_wait_s(self) -> float:
        """For how long every running trial has waited for its resources; 0 where one has them, or none runs."""
        if not self._since or any(phase is not Phase.WAITS for phase, _ in self._since.values()):
            return 0.0
        return self.now() - max(since for _, since in self._since.values())

    def _leave_out_own_stop(self, now: float) -> None:
        looked, self._looked = self._looked, now
        if looked is not None and now - looked > DRIVER_STOOD_S:
            self._since = {number: (phase, since + now - looked) for number, (phase, since) in self._since.items()}

    def _is_late(self, number: int, phase: Phase, silent_s: float) -> bool:
        if phase is Phase.WAITS:
            return False
        return silent_s > (START_LIMIT_S if phase is Phase.STARTS else self._silence_s(number))

    def _silence_s(self, number: int) -> float:
        if self.timeout_s is not None:
            return self.timeout_s
        longest_s = self._longest_s.get(number)
        return FIRST_EPOCH_S if longest_s is None else max(LEAST_SILENCE_S, TIMES_LONGEST * longest_s)

    def _words(self, number: int) -> str:
        if self._since[number][0] is Phase.STARTS:
            return f"its worker did not start within {START_LIMIT_S:g} s"
        said = f"no word for {self._silence_s(number):.0f} s"
        if self.timeout_s is not None:
            return said
        longest_s = self._longest_s.get(number)
        measure = "before its first epoch" if longest_s is None else f"where its longest epoch took {longest_s:.1f} s"
        return f"{said}, {measure}; `--trial-timeout` sets another bound"
