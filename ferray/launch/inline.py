"""One bundle after another in this process."""

from __future__ import annotations

import gc
import socket
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch

from ferray.config.job import JobBundle
from ferray.config.runtime import Runtime
from ferray.errors import ClusterError
from ferray.events import Host, Save
from ferray.sweeps.launcher import Event, Launcher, NotSaved, Placed, TrialEvent
from ferray.sweeps.placement import Placement
from ferray.system.allocator import stop_keeping_freed_memory
from ferray.training.bundle import BundleWorker


class Inline(Launcher):
    """Trains in this process, one bundle at a time: for tests, debuggers and a single GPU."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._waiting: deque[JobBundle] = deque()
        self._worker: BundleWorker | None = None
        self._unsaved: list[NotSaved] = []
        self._unplaced: list[int] = []

    def check(self) -> Placement:
        has_gpu = self.runtime.device != "cpu" and torch.cuda.is_available()
        if self.runtime.device == "cuda" and not has_gpu:
            raise ClusterError("this machine has no CUDA device", "pass `--device cpu`")
        return Placement(self.runtime.cpus_per_trial, float(has_gpu), 1, self.runtime.trials_per_worker)

    @contextmanager
    def opened(self, tell: Callable[[str], None]) -> Iterator[None]:
        self._placement = self.check()
        tell(f"{self._placement}, in this process")
        try:
            with _libraries_passed_over():
                yield
        finally:
            self._close_worker()
            stop_keeping_freed_memory()

    def capacity(self) -> Placement:
        return self._placement  # a process neither gains nor loses a GPU

    def start(self, bundle: JobBundle) -> None:
        self._waiting.append(bundle)

    def poll(self) -> Sequence[Event]:
        if self._worker is None or not self._worker.numbers:
            self._close_worker()
            self._worker = BundleWorker(self._waiting.popleft()) if self._waiting else None
            self._unplaced = list(self._worker.numbers) if self._worker is not None else []
        results = self._worker.step() if self._worker is not None else {}
        told = [TrialEvent(number, result) for number, result in results.items()]
        return [*self._pop_unsaved(), *self._pop_placed(), *told]

    def drop(self, number: int, *, save: Save) -> None:
        if self._worker is not None and (problem := self._worker.drop(number, save=save)):
            self._unsaved.append(NotSaved(number, problem))

    def kill(self, number: int) -> None:
        """Nothing: `poll` itself trains, so that nobody is there to look while a trial hangs."""

    def stop(self) -> Sequence[Event]:
        self._waiting.clear()
        for number in self._worker.numbers if self._worker is not None else ():
            self.drop(number, save=Save.LAST)
        return self._pop_unsaved()

    def _pop_unsaved(self) -> list[NotSaved]:
        unsaved, self._unsaved = self._unsaved, []
        return unsaved

    def _pop_placed(self) -> list[Placed]:
        unplaced, self._unplaced = self._unplaced, []
        return [Placed(number, Host(socket.gethostname())) for number in unplaced]

    def _close_worker(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None


@contextmanager
def _libraries_passed_over() -> Iterator[None]:
    """Have no trial's end walk through all that was imported before the first; whoever has seen to that has it so."""
    is_ours = not gc.get_freeze_count()
    if is_ours:
        gc.freeze()
    try:
        yield
    finally:
        if is_ours:
            gc.unfreeze()
