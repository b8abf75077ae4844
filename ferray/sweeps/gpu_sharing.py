"""`--gpus-per-trial auto`: what trials of a sweep ask of a GPU, found before it starts and mended while it runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ferray.config.runtime import Runtime
from ferray.config.trial import TrialConfig
from ferray.config.workload import Workload
from ferray.events import FailureReason, Outcome, OutcomeKind
from ferray.sweeps.gpu_memory import Gpu, GpuMemory
from ferray.sweeps.gpu_packing import Bounds, Packing, Progress, free_bytes, memory_fraction, pack, worker_bytes
from ferray.text.counting import counted

OF_A_GPU = re.compile("cuda|hip|cublas|cudnn|cufft|miopen", re.IGNORECASE)  # whose memory a message speaks of


@dataclass(frozen=True)
class SharedGpu:
    """A type of GPU that trials may share, and how many workers for each of them the cores beside it keep busy."""

    gpu: Gpu
    workers_by_cores: int


@dataclass
class GpuSharing:
    """So many workers share a GPU: fewer from when one of their trials has run out of memory. The driver's thread."""

    packing: Packing
    memory: GpuMemory
    workloads: Sequence[Workload]
    trials_per_worker: int = 1
    _per_gpu_of: dict[int, int] = field(default_factory=dict)  # trials a GPU when each was started

    @property
    def gpus(self) -> float:
        """What a worker asks for from now on."""
        return self.packing.gpus

    def placed(self, runtime: Runtime) -> Runtime:
        """The place where trials have their share."""
        return runtime.model_copy(update={"gpus_per_trial": self.gpus})

    def give(self, number: int) -> float:
        """The part of a GPU's memory that a trial may take which starts now."""
        self._per_gpu_of[number] = self.packing.per_gpu
        return self.packing.memory_fraction

    def failed(self, number: int, config: TrialConfig, failure: Outcome, note: Callable[[str], None]) -> Outcome:
        """The outcome of a trial that failed: to be asked again, nobody's fault, where its share was too small."""
        is_short = failure.reason is FailureReason.OUT_OF_MEMORY
        if not is_short or not (line := self.ran_out(number, config, failure.message)):
            return failure
        note(f"trial {number}: {line}")
        return replace(failure, kind=OutcomeKind.INTERRUPTED, is_blameless=True)

    def ran_out(self, number: int, config: TrialConfig, message: str) -> str:
        """What follows from a trial that was refused memory, as a line; "" where it had a GPU to itself.

        What it needs of a GPU is kept for this sweep and others. Trials that had started with more neighbours than
        there are now change nothing any more.
        """
        had = self._per_gpu_of.get(number, 1)
        if had < 2:
            return ""
        workload = self._workload(config)
        if had == self.packing.per_gpu:
            if OF_A_GPU.search(message):  # else it is the host's memory, which fewer trials help too
                had_bytes = int(self.packing.memory_fraction * self.packing.gpu.memory_bytes)
                self.memory.learn_that_it_ran_out(workload, had_bytes // self.trials_per_worker)
            self.packing = self._repacked(workload)
        now = self.packing.per_gpu
        share = "a GPU of its own" if now == 1 else f"a GPU that {now} trials share"
        return f"out of memory on a GPU that {had} trials share; it goes on with {share}, as do those that start now"

    def _repacked(self, workload: Workload) -> Packing:
        """Fewer by one at least, and as few as the workload needs by what is known of it."""
        facts, need = self.packing.gpu, self.memory.need(workload)
        of_one = worker_bytes(workload, need, self.trials_per_worker) if need is not None else self.packing.need_bytes
        per_gpu = max(1, min(self.packing.per_gpu - 1, int(free_bytes(facts) // of_one)))
        fraction = memory_fraction(facts, per_gpu, need.context_bytes if need else 0) if per_gpu > 1 else 0.0
        why = f"{workload} ran out of memory when {self.packing.per_gpu} shared it"
        return replace(self.packing, per_gpu=per_gpu, memory_fraction=fraction, need_bytes=of_one, why=why)

    def _workload(self, config: TrialConfig) -> Workload:
        """The kind of training that a trial is, by what is known of those of its backbone."""
        of_backbone = Workload.of(config, image_size=0, num_classes=0).config["backbone"]
        like = next((each for each in self.workloads if each.config["backbone"] == of_backbone), self.workloads[0])
        return Workload.of(
            config,
            image_size=config.image_size or like.image_size,
            num_classes=like.num_classes,
            num_inputs=like.num_inputs,
            threads=like.threads,
        )


def find_sharing(
    workloads: Sequence[Workload],
    gpus: Sequence[SharedGpu],
    runtime: Runtime,
    *,
    trials: int,
    tell: Progress | None = None,
) -> GpuSharing | None:
    """What `auto` comes to: of several types of GPU the one that holds the fewest decides; None without any.

    ClusterError where a device cannot be measured.
    """
    found = [_on(each, workloads, runtime, trials, tell) for each in gpus] if workloads else []
    return min(found, key=lambda sharing: sharing.packing.per_gpu, default=None)


def _on(
    shared: SharedGpu, workloads: Sequence[Workload], runtime: Runtime, trials: int, tell: Progress | None
) -> GpuSharing:
    memory = GpuMemory(shared.gpu.facts, Path(runtime.cache_dir).absolute())
    packing = pack(workloads, shared.gpu, memory, _bounds(shared, runtime, trials), tell=tell)
    return GpuSharing(packing, memory, workloads, runtime.trials_per_worker)


def _bounds(shared: SharedGpu, runtime: Runtime, trials: int) -> Bounds:
    workers = -(-trials // runtime.trials_per_worker)
    cores = counted(runtime.cpus_per_trial, "core")
    most = {
        shared.workers_by_cores: f"its machine has cores for one trial of {cores}",
        runtime.max_concurrent or workers: f"`--max-concurrent {runtime.max_concurrent}`",
        workers: f"the sweep has {counted(trials, 'trial')}",
    }
    return Bounds(min(most), most[min(most)], runtime.trials_per_worker)
