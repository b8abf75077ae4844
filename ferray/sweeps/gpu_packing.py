"""`Packing`: how many trials share a GPU, by what was measured: so many that none runs out and all gain by it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ferray.config.workload import Workload
from ferray.sweeps.gpu_memory import Gpu, GpuFacts, GpuMemory, Known
from ferray.text.counting import counted
from ferray.training.device_images import LARGEST_SHARE

SPARE_FRACTION = 0.05  # of a GPU's memory, for what allocators cut up and a process takes later
STEPS = (2, 3, 4, 6, 8, 12, 16)  # trials a GPU that are tried
LEAST_GAIN = 1.05  # times the images of one trial, or one has the GPU alone
NEARLY_ALL = 0.97  # of the most images a second; the fewest trials that give so many are chosen
GIB = 2.0**30

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Bounds:
    """How many trials a GPU are of use beside what memory allows, the reason in words, and trials of a worker."""

    most: int
    why: str
    trials_per_worker: int = 1


@dataclass(frozen=True)
class Packing:
    """So many workers share a GPU, `why` in words. `memory_fraction` of its memory is each one's own, 0 for all of it.

    `need_bytes` are those of the largest worker, `gain` how many times the images of one worker all train a second.
    """

    gpu: GpuFacts
    per_gpu: int
    why: str
    need_bytes: int = 0
    memory_fraction: float = 0.0
    gain: float = 1.0

    @property
    def gpus(self) -> float:
        """What a worker asks of Ray, whose parts of a GPU have four digits."""
        return math.floor(10_000 / self.per_gpu) / 10_000

    def __str__(self) -> str:
        """`4 trials a GPU of NVIDIA A100-SXM4-40GB: they train 2.1 times the images of one`."""
        return f"{counted(self.per_gpu, 'trial')} a GPU of {self.gpu.name}: {self.why}"

    def to_json(self) -> dict[str, Any]:
        """For `--dry-run --json`."""
        return {
            "gpu": self.gpu.name,
            "memory_bytes": self.gpu.memory_bytes,
            "mps": self.gpu.has_mps,
            "trials_per_gpu": self.per_gpu,
            "largest_bytes": self.need_bytes,
            "memory_fraction": self.memory_fraction,
            "gain": round(self.gain, 3),
            "why": self.why,
        }


def pack(
    workloads: Sequence[Workload], gpu: Gpu, memory: GpuMemory, bounds: Bounds, *, tell: Progress | None = None
) -> Packing:
    """Measure what is not known yet, and choose.

    All trials of a sweep have one share, that of the largest: Ray gives trials that ask for different resources no
    worker in common, and a new worker costs more than most trials would gain by a smaller share.
    """
    say = tell or _nobody
    facts, needs = gpu.facts, dict[str, Known]()
    for done, workload in enumerate(workloads, start=1):
        say(f"measuring trials on {facts.name}", done, len(workloads))
        needs[workload.key] = _measured(workload, 1, gpu, memory)
    largest = max(workloads, key=lambda each: needs[each.key].peak_bytes)
    of_one = worker_bytes(largest, needs[largest.key], bounds.trials_per_worker)
    if any(memory.rate(each, 1) == 0.0 for each in workloads):
        refused = next(each for each in workloads if memory.rate(each, 1) == 0.0)
        return Packing(facts, 1, f"{refused} takes more than the memory that is free", need_bytes=of_one)
    fit = int(free_bytes(facts) // of_one)
    takes = f"the largest, {largest}, takes {of_one / GIB:.1f} of {facts.memory_bytes / GIB:.1f} GiB"
    if fit < 2:
        return Packing(facts, 1, takes, need_bytes=of_one)
    if bounds.most < 2:
        return Packing(facts, 1, bounds.why, need_bytes=of_one)
    smallest = min(workloads, key=lambda each: needs[each.key].peak_bytes)
    timed = [largest] if smallest is largest else [largest, smallest]
    gains = _gains(timed, min(fit, bounds.most), gpu, memory, say)
    return _chosen(facts, gains, takes, of_one, needs[largest.key])


def _nobody(what: str, done: int, total: int) -> None:
    """Nobody listens."""


def worker_bytes(workload: Workload, need: Known, trials_per_worker: int) -> int:
    """Memory of a worker: that of its process, and of each of its trials, with room for images that may lie there."""
    images = need.peak_bytes * LARGEST_SHARE / (1 - LARGEST_SHARE) if workload.lies_on_device else 0.0
    return need.context_bytes + trials_per_worker * int(need.peak_bytes + images)


def free_bytes(facts: GpuFacts) -> float:
    """Memory that trials may have, less what others use and a little."""
    return facts.memory_bytes * (1 - SPARE_FRACTION) - facts.used_bytes


def memory_fraction(facts: GpuFacts, per_gpu: int, context_bytes: int) -> float:
    """The part of a GPU's memory that the tensors of one of so many workers may take, to four digits."""
    own = free_bytes(facts) / per_gpu - context_bytes
    return max(0.0, math.floor(10_000 * own / facts.memory_bytes) / 10_000)


def _measured(workload: Workload, copies: int, gpu: Gpu, memory: GpuMemory) -> Known:
    if memory.rate(workload, copies) is None:
        memory.learn(workload, copies, gpu.measure(workload, copies))
    known = memory.known(workload)
    assert known is not None, "it has been learnt"
    return known


def _gains(workloads: Sequence[Workload], most: int, gpu: Gpu, memory: GpuMemory, say: Progress) -> dict[int, float]:
    """How many times the images of one trial so many train, a geometric mean over workloads, until it stops rising."""
    gains = {1: 1.0}
    for copies in dict.fromkeys([*(step for step in STEPS if step < most), most]):
        say(f"measuring {copies} trials at once on {gpu.facts.name}", 0, 0)
        found = [_gain(each, copies, gpu, memory) for each in workloads]
        if 0.0 in found:
            break
        gains[copies] = math.prod(found) ** (1 / len(found))
        if gains[copies] < LEAST_GAIN * max(gain for each, gain in gains.items() if each != copies):
            break
    return gains


def _gain(workload: Workload, copies: int, gpu: Gpu, memory: GpuMemory) -> float:
    _measured(workload, copies, gpu, memory)
    of_one = memory.rate(workload, 1)
    assert of_one, "one fits"
    return (memory.rate(workload, copies) or 0.0) / of_one


def _chosen(facts: GpuFacts, gains: dict[int, float], takes: str, of_one: int, need: Known) -> Packing:
    tried = counted(max(gains), "trial")
    most = max(gains.values())
    if most < LEAST_GAIN:
        why = f"one fills it, {tried} at once train {gains[max(gains)]:.2f} times its images; {takes}"
        return Packing(facts, 1, why, need_bytes=of_one)
    per_gpu = min(copies for copies, gain in gains.items() if gain >= NEARLY_ALL * most)
    mps = " with MPS" if facts.has_mps else ""
    why = f"they train {gains[per_gpu]:.2f} times the images of one{mps}; {takes}"
    fraction = memory_fraction(facts, per_gpu, need.context_bytes)
    return Packing(facts, per_gpu, why, need_bytes=of_one, memory_fraction=fraction, gain=gains[per_gpu])
