"""GPUs that have memory and nothing else: one of figures, and one on which trainings of this CPU take real memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from ferray.config.job import JobBundle, TrialJob
from ferray.config.runtime import Runtime
from ferray.config.workload import Workload
from ferray.events import FailureReason, Outcome, OutcomeKind
from ferray.sweeps.gpu_memory import GpuFacts, Measurement
from ferray.sweeps.launcher import Event, TrialEvent
from ferray.sweeps.placement import Placement
from ferray.testing.curves import Curves, saturating
from ferray.training import kept_backbone
from ferray.training.device_trial import DeviceTrial

GIB = 2**30


@dataclass
class FakeGpu:
    """Trains at 100 images a second each until `fills` trainings are on it, whose memory in GiB `need` says."""

    memory_gib: float
    need: Callable[[Workload], float]
    fills: Callable[[Workload], float] = lambda _: 8.0
    context_gib: float = 0.5
    used_gib: float = 0.0
    asked: list[tuple[str, int]] = field(default_factory=list)

    @property
    def facts(self) -> GpuFacts:
        return GpuFacts("Fake 40GB", int(self.memory_gib * GIB), int(self.used_gib * GIB))

    def measure(self, workload: Workload, copies: int) -> Measurement:
        self.asked.append((str(workload), copies))
        peak, context = int(self.need(workload) * GIB), int(self.context_gib * GIB)
        fits = copies * (peak + context) + self.used_gib * GIB <= self.memory_gib * GIB
        return Measurement(peak, context, 100.0 * min(copies, self.fills(workload)) if fits else 0.0)


class CountedMemory(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch does not type it
    """Counts the bytes of all tensors that are made while it is entered, and refuses those beyond `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.limit = limit
        self.peak = 0
        self._live: dict[int, tuple[StorageWeakRef, int]] = {}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # or torch's compiler is imported, for seconds

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor) and tensor.untyped_storage()._cdata not in self._live:
                self._count(tensor)
        return made

    @property
    def used(self) -> int:
        """Bytes of the tensors that are still there."""
        self._live = {key: each for key, each in self._live.items() if not each[0].expired()}  # type: ignore[no-untyped-call]
        return sum(size for _, size in self._live.values())

    def _count(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        used = self.used + storage.nbytes()
        if used > self.limit:
            raise torch.OutOfMemoryError(f"CUDA out of memory. Tried to allocate {storage.nbytes()} bytes")
        self._live[storage._cdata] = (StorageWeakRef(storage), storage.nbytes())  # type: ignore[no-untyped-call]
        self.peak = max(self.peak, used)


@dataclass
class CountedGpu:
    """Trains on this CPU, its tensors within so many bytes. A copy keeps what it once had, as a process of CUDA's."""

    memory_bytes: int

    @property
    def facts(self) -> GpuFacts:
        return GpuFacts("Counted", self.memory_bytes)

    def measure(self, workload: Workload, copies: int) -> Measurement:
        held = [0]
        for _ in range(copies):
            try:
                held.append(trained_within(self.memory_bytes - sum(held), workload))
            except torch.OutOfMemoryError:
                return Measurement(max(held), 0, 0.0)
        return Measurement(max(held), 0, 100.0 * copies)


def trained_within(memory_bytes: int, workload: Workload) -> int:
    """The most bytes that a training has at a time; OutOfMemoryError where it would have more than these.

    It is as in a process of its own: nothing of the trainings before it is kept.
    """
    nothing_kept = patch.multiple(kept_backbone, _seen=OrderedDict(), _kept=OrderedDict())
    with nothing_kept, CountedMemory(memory_bytes) as memory, closing(DeviceTrial(workload, "cpu")):
        peak: int = memory.peak
    return peak


class CurvesOnGpus(Curves):
    """Trials on a curve that take GiB of a GPU as `need` says: what goes beyond its share runs out of memory."""

    def __init__(self, runtime: Runtime, need: Callable[[TrialJob], float], *, memory_gib: float, gpus: float) -> None:
        super().__init__(runtime, saturating)
        self._need = need
        self._memory_gib = memory_gib
        self._gpus = gpus
        self.most_at_once = 0
        self.given: list[tuple[int, float]] = []  # the number of each trial that began, and its share of a GPU

    def check(self) -> Placement:
        return Placement(1, self._gpus, int(1 / self._gpus + 1e-9))

    def give_gpus(self, gpus: float) -> None:
        self._gpus = gpus

    def start(self, bundle: JobBundle) -> None:
        super().start(bundle)
        self.given += [(job.number, self._gpus) for job in bundle.jobs]
        self.most_at_once = max(self.most_at_once, len(self._running))

    def poll(self) -> Sequence[Event]:
        return [self._refused(number) or self._step(number) for number in list(self._running)]

    def _refused(self, number: int) -> TrialEvent | None:
        job = self._running[number][0]
        if self._need(job) <= (job.gpu_fraction or 1.0) * self._memory_gib:
            return None
        del self._running[number]
        message = "OutOfMemoryError: CUDA out of memory"
        return TrialEvent(number, Outcome(OutcomeKind.FAILED, message, reason=FailureReason.OUT_OF_MEMORY))
