"""`Capacity`: how many workers a cluster takes, asked anew while the sweep runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ray

from ferray.config.runtime import Runtime
from ferray.errors import ClusterError
from ferray.launch._nodes import living_nodes
from ferray.sweeps.placement import Placement, find_placement, wanted_placement


def await_placement(runtime: Runtime, wait_s: float, tell: Callable[[str], None]) -> Placement:
    """The place in the cluster, as soon as one trial gets its resources; ClusterError when none has after `wait_s`.

    What is waited for is asked of Ray, so that an autoscaler sees it, and given back.
    """
    wanted = wanted_placement(runtime)
    group = ray.util.placement_group([wanted.resources])
    try:
        if not group.wait(1):
            tell(f"waiting up to {wait_s:g} s for the first slot: {wanted.of_one_trial}")
            _wait(group, wait_s, wanted)
    finally:
        ray.util.remove_placement_group(group)
    return find_placement(runtime, [node.resources for node in living_nodes()], "the cluster")


def _wait(group: Any, wait_s: float, wanted: Placement) -> None:
    until = time.monotonic() + wait_s
    while not group.wait(1):  # in short pieces, since Ray lets no Ctrl-C through
        if time.monotonic() > until:
            message = f"no node of the cluster had {wanted.of_one_trial} free within {wait_s:g} s"
            raise ClusterError(message, "pass a longer `--wait`, or ask for less with `--cpus-per-trial`")


class Capacity:
    """The slots of a cluster as its nodes join and leave; what one worker gets stays, unless `give_gpus` says so."""

    def __init__(self, runtime: Runtime, placement: Placement) -> None:
        self.placement = placement
        self._runtime = runtime.model_copy(update={"gpus_per_trial": placement.gpus})

    def give_gpus(self, gpus: float, nodes: list[dict[str, float]]) -> None:
        """From now on a worker gets so much of a GPU, on nodes that have these resources in all."""
        self._runtime = self._runtime.model_copy(update={"gpus_per_trial": gpus})
        self.placement = replace(self.placement, gpus=gpus, slots=self._slots(nodes))

    def look(self, nodes: list[dict[str, float]], free: dict[str, float], autoscaler: str = "") -> None:
        """Hear what each living node has in all, what all of them have left, and who starts more."""
        left = f"{free.get('CPU', 0):g} CPUs and {free.get('GPU', 0):g} GPUs"
        self.placement = replace(self.placement, slots=self._slots(nodes), free=left, autoscaler=autoscaler)

    def _slots(self, nodes: list[dict[str, float]]) -> int:
        try:
            return find_placement(self._runtime, nodes, "the cluster").slots
        except ClusterError:
            return 1  # that worker waits, so that Ray's autoscaler sees what is wanted
