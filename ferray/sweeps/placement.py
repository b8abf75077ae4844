"""How many trials a cluster holds at a time, and what each of them gets."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ferray.config.runtime import Runtime
from ferray.errors import ClusterError, ConfigError
from ferray.text.counting import counted

GIB = 2.0**30
TYPE_PREFIX = "accelerator_type:"
A_BIT = 0.001  # of the resource that stands for a type, as Ray itself asks for it
Resources = Mapping[str, float]  # of a node, by Ray's names


@dataclass(frozen=True)
class Placement:
    """What one worker gets, and how many workers fit at a time; each has a trial, or several that share it.

    `accelerator` is the type of its GPUs, "" for any. `free` says, where others use the same nodes, what all of them
    have left, `autoscaler` what who starts nodes says of those that are wanted.
    """

    cpus: int
    gpus: float
    slots: int
    trials_per_worker: int = 1
    memory_gib: float = 0.0
    accelerator: str = ""
    free: str = field(default="", compare=False)
    autoscaler: str = field(default="", compare=False)

    def __str__(self) -> str:
        """`2 trials at a time, 1 core each`."""
        trials = counted(self.slots, "trial")
        if self.trials_per_worker > 1:
            trials = f"{counted(self.slots, 'worker')} of {self.trials_per_worker} trials"
        return f"{trials} at a time, {self.of_one_trial}{' each' if self.slots > 1 else ''}"

    @property
    def num_trials(self) -> int:
        """How many trials are trained at a time."""
        return self.slots * self.trials_per_worker

    def num_workers(self, num_trials: int) -> int:
        """How many workers so many trials have use for at a time."""
        return min(self.slots, math.ceil(num_trials / self.trials_per_worker))

    @property
    def of_one_trial(self) -> str:
        """`2 cores, 8 GiB and 1 A100`."""
        unit = self.accelerator or ("GPU" if self.gpus == 1 else "GPUs")
        gpus = [f"{self.gpus:g} {unit}"] if self.gpus else [f"an {unit} beside"] if self.accelerator else []
        parts = [counted(self.cpus, "core"), *([f"{self.memory_gib:g} GiB"] if self.memory_gib else []), *gpus]
        return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]

    @property
    def resources(self) -> dict[str, float]:
        """What one worker asks for, by Ray's names."""
        asked = {"CPU": float(self.cpus), "GPU": self.gpus, "memory": float(int(self.memory_gib * GIB))}
        if self.accelerator:
            asked[TYPE_PREFIX + self.accelerator] = A_BIT
        return {name: count for name, count in asked.items() if count}


def find_placement(runtime: Runtime, nodes: Sequence[Resources], where: str) -> Placement:
    """Divide the nodes' resources among trials, none of which spans two nodes; ClusterError where not even one fits."""
    accelerator = _known_type(runtime.accelerator or "", nodes)
    able = [node for node in nodes if not accelerator or TYPE_PREFIX + accelerator in node]
    if accelerator and not able:
        raise _no_such_type(accelerator, nodes, where, runtime)
    gpus = runtime.gpus_asked
    if gpus is None:
        gpus = wanted_gpus(runtime, any(node.get("GPU", 0) >= 1 for node in able))
    placement = wanted_placement(runtime, gpus=gpus, accelerator=accelerator)
    slots = sum(slots_of(placement, node) for node in able)
    if slots < 1:
        raise _no_room(placement, able, where, runtime)
    return bounded(placement, slots, runtime)


def wanted_placement(runtime: Runtime, *, gpus: float | None = None, accelerator: str = "") -> Placement:
    """What a trial is to get, whatever there is; as many at a time as the user allows, one where nothing is said.

    ConfigError where it is more than `max_gpus`.
    """
    if gpus is None:
        leaves_open = wanted_gpus(runtime, has_any=runtime.gpus_per_trial == "auto")  # a whole one until it is measured
        gpus = leaves_open if runtime.gpus_asked is None else runtime.gpus_asked
    if runtime.max_gpus is not None and runtime.max_gpus < gpus:
        message = f"a trial asks for `{gpus:g}` GPUs, `--max-gpus {runtime.max_gpus:g}` allows fewer"
        raise ConfigError(message, "pass more `--max-gpus`, or fewer `--gpus-per-trial`")
    named = accelerator or runtime.accelerator or ""
    memory_gib = runtime.memory_per_trial_gib or 0.0
    one = Placement(runtime.cpus_per_trial, gpus, 1, runtime.trials_per_worker, memory_gib, named)
    return bounded(one, runtime.max_concurrent or 1, runtime)


def bounded(placement: Placement, slots: int, runtime: Runtime) -> Placement:
    """The placement with so many slots, or as many as `max_concurrent` and `max_gpus` leave."""
    if runtime.max_gpus is not None and placement.gpus:
        slots = min(slots, int(runtime.max_gpus / placement.gpus + 1e-9))
    return replace(placement, slots=min(slots, runtime.max_concurrent or slots))


def slots_of(placement: Placement, node: Resources) -> int:
    """How many workers one node holds."""
    memory = placement.resources.get("memory", 0.0)
    return min(
        int(node.get("CPU", 0.0) // placement.cpus),
        _gpu_slots(node.get("GPU", 0.0), placement.gpus),
        int(node.get("memory", 0.0) // memory) if memory else sys.maxsize,
    )


def wanted_gpus(runtime: Runtime, has_any: bool) -> float:
    """The GPUs of a trial where `gpus_per_trial` does not say."""
    return float(runtime.device == "cuda" or (runtime.device != "cpu" and (has_any or bool(runtime.accelerator))))


def _known_type(asked: str, nodes: Sequence[Resources]) -> str:
    """The type as the cluster spells it."""
    return {name.lower(): name for name in types_of(nodes)}.get(asked.lower(), asked)


def types_of(nodes: Sequence[Resources]) -> list[str]:
    """The types of accelerators that nodes have, by Ray's names."""
    names = (name for node in nodes for name in node if name.startswith(TYPE_PREFIX))
    return sorted({name.removeprefix(TYPE_PREFIX) for name in names})


def _no_such_type(asked: str, nodes: Sequence[Resources], where: str, runtime: Runtime) -> ClusterError:
    known = types_of(nodes)
    hint = f"it has {', '.join(f'`{name}`' for name in known)}" if known else "leave out `--accelerator`"
    return ClusterError(f"{where} has no accelerator of type `{asked}`", _or_wait(hint, runtime))


def _no_room(wanted: Placement, nodes: Sequence[Resources], where: str, runtime: Runtime) -> ClusterError:
    """Which wish no node grants by itself, or all of them together."""
    most = {name: max((node.get(name, 0.0) for node in nodes), default=0.0) for name in ("CPU", "GPU", "memory")}
    cpus, gpus, gib = most["CPU"], most["GPU"], most["memory"] / GIB
    elsewhere = "start a node that has them" if runtime.address else "`--address` of a cluster that has them"
    if cpus < wanted.cpus:
        asked, largest = f"`{wanted.cpus}` CPUs", f"has {cpus:g}"
        hint = f"pass `--cpus-per-trial {int(cpus)}` or fewer" if cpus >= 1 else "start a node that has some"
    elif not _gpu_slots(gpus, wanted.gpus):
        asked, largest = f"`{wanted.gpus:g}` GPUs", f"has {gpus:g}"
        hint = f"pass fewer `--gpus-per-trial`, or {elsewhere}"
    elif wanted.memory_gib > gib:
        asked, largest = f"`{wanted.memory_gib:g}` GiB", f"has {gib:.1f}"
        hint = f"pass less `--memory-per-trial`, or {elsewhere}"
    else:
        message = f"no node of {where} has all that a trial asks for: {wanted.of_one_trial}"
        return ClusterError(message, _or_wait(f"ask for less, or {elsewhere}", runtime))
    return ClusterError(f"a trial asks for {asked}, the largest node of {where} {largest}", _or_wait(hint, runtime))


def _or_wait(hint: str, runtime: Runtime) -> str:
    """Nodes may yet join a cluster, but not this machine."""
    return f"{hint}, or pass `--wait 30m` for one that joins" if runtime.address else hint


def _gpu_slots(has: float, asks: float) -> int:
    """Trials that a node's GPUs hold; a fraction never spans two of them."""
    if not asks:
        return sys.maxsize
    if asks < 1:
        return int(has) * int(1 / asks + 1e-9)
    return int(has // asks)
