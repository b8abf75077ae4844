"""How many trials a cluster holds at a time, and what each of them gets."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from ferray.config.runtime import Runtime
from ferray.errors import ClusterError
from ferray.text.counting import counted


@dataclass(frozen=True)
class Placement:
    """What one worker gets, and how many workers fit at a time; each has a trial, or several that share it.

    `free` says, where others use the same nodes, what all of them have left.
    """

    cpus: int
    gpus: float
    slots: int
    trials_per_worker: int = 1
    free: str = field(default="", compare=False)

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

    @property
    def of_one_trial(self) -> str:
        """`2 cores and 1 GPU`."""
        gpus = "" if not self.gpus else " and 1 GPU" if self.gpus == 1 else f" and {self.gpus:g} GPUs"
        return f"{counted(self.cpus, 'core')}{gpus}"


def find_placement(runtime: Runtime, nodes: list[dict[str, float]], where: str) -> Placement:
    """Divide the nodes' resources among trials, none of which spans two nodes; ClusterError where not even one fits."""
    cpus, gpus = runtime.cpus_per_trial, runtime.gpus_per_trial
    if gpus is None:
        gpus = wanted_gpus(runtime, any(node.get("GPU", 0) >= 1 for node in nodes))
    most_cpus = max((node.get("CPU", 0.0) for node in nodes), default=0.0)
    if most_cpus < cpus:
        message = f"a trial asks for `{cpus}` CPUs, the largest node of {where} has {most_cpus:g}"
        fewer = f"pass `--cpus-per-trial {int(most_cpus)}` or fewer" if most_cpus >= 1 else "start a node that has some"
        raise ClusterError(message, _or_wait(fewer, runtime))
    slots = sum(min(int(node.get("CPU", 0.0) // cpus), _gpu_slots(node.get("GPU", 0.0), gpus)) for node in nodes)
    if slots < 1:
        most = max(node.get("GPU", 0.0) for node in nodes)
        message = f"a trial asks for `{gpus:g}` GPUs, the largest node of {where} has {most:g}"
        elsewhere = "start a node that has them" if runtime.address else "`--address` of a cluster that has them"
        raise ClusterError(message, _or_wait(f"pass fewer `--gpus-per-trial`, or {elsewhere}", runtime))
    return Placement(cpus, gpus, min(slots, runtime.max_concurrent or slots), runtime.trials_per_worker)


def wanted_gpus(runtime: Runtime, has_any: bool) -> float:
    """The GPUs of a trial where `gpus_per_trial` does not say."""
    return float(runtime.device == "cuda" or (runtime.device != "cpu" and has_any))


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
