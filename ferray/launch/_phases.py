"""`Phases`: which bundles wait for their resources, which start and which train, as far as Ray and Tune say."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import ray

from ferray.launch._tune import BundleHandle
from ferray.sweeps.launcher import PhaseEntered
from ferray.sweeps.timeouts import Phase

LOOK_S = 1.0


class Phases:
    """The phase of each bundle that has been started. `ask` calls the head: how many wait, None where it is silent."""

    def __init__(self, ask: Callable[[], int | None], now: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._now = now
        self._looked = float("-inf")
        self._known: dict[BundleHandle, Phase] = {}

    def changes(self, handles: Iterable[BundleHandle]) -> list[PhaseEntered]:
        """What has changed for the trials of these bundles, which are given in the order in which they were started."""
        present = dict.fromkeys(handles)
        if len(self._known) > len(present):  # some have ended
            self._known = {handle: phase for handle, phase in self._known.items() if handle in present}
        phases = self._phases([handle for handle in present if self._known.get(handle) is not Phase.TRAINS])
        changed = {handle: phase for handle, phase in phases.items() if self._known.get(handle) is not phase}
        self._known |= phases
        return [PhaseEntered(number, phase) for handle, phase in changed.items() for number in handle.numbers]

    def postpone(self) -> None:
        """A bundle is withdrawn, and for a moment its placement group waits without it."""
        self._looked = self._now()

    def _phases(self, handles: list[BundleHandle]) -> dict[BundleHandle, Phase]:
        begun = {handle: Phase.TRAINS for handle in handles if handle.is_training}
        pending = [handle for handle in handles if handle not in begun]
        if not pending:
            return begun
        num_waiting = self._look()
        if num_waiting is None:
            return begun | {handle: self._known.get(handle, Phase.WAITS) for handle in pending}
        num_granted = len(pending) - min(num_waiting, len(pending))  # the first to come get what there is
        phases = [Phase.STARTS] * num_granted + [Phase.WAITS] * num_waiting
        return begun | dict(zip(pending, phases, strict=False))

    def _look(self) -> int | None:
        if self._now() - self._looked < LOOK_S:
            return None
        self._looked = self._now()
        return self._ask()


def num_waiting_groups() -> int:
    """Placement groups, of which Tune asks for one a worker, that have not got their resources.

    What is asked of an autoscaler has a name, and is none of them.
    """
    ours = ray.get_runtime_context().get_job_id()  # with which the ids of our groups end
    groups = ray.util.placement_group_table().values()
    return sum(
        group["state"] == "PENDING" and group["placement_group_id"].endswith(ours) and not group["name"]
        for group in groups
    )
