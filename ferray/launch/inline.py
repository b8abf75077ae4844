"""One trial after another in this process."""

from __future__ import annotations

from contextlib import suppress

import torch

from ferray.errors import ClusterError
from ferray.events import Decision, Outcome
from ferray.launch import Launcher
from ferray.sweeps.driver import SweepDriver
from ferray.sweeps.placement import Placement
from ferray.training.worker import TrialWorker


class Inline(Launcher):
    """Trains in this process, one trial at a time: for tests, debuggers and a single GPU."""

    def check(self) -> Placement:
        has_gpu = self.runtime.device != "cpu" and torch.cuda.is_available()
        if self.runtime.device == "cuda" and not has_gpu:
            raise ClusterError("this machine has no CUDA device", "pass `--device cpu`")
        return Placement(self.runtime.cpus_per_trial, gpus=float(has_gpu), slots=1)

    def run(self, driver: SweepDriver) -> None:
        driver.note(f"{self.check()}, in this process")
        driver.start(slots=1)
        while (job := driver.next_job()) is not None:
            worker = TrialWorker(job)
            try:
                driver.ended(job.number, _train(worker, driver))
            except KeyboardInterrupt:
                driver.say_stopping()
                with suppress(KeyboardInterrupt):  # a second one: it goes on from less
                    _save(worker, driver)
                driver.interrupt()
                raise
            finally:
                worker.close()


def _train(worker: TrialWorker, driver: SweepDriver) -> Outcome | None:
    """Epochs until the trial or the driver says stop; the failure if there was one."""
    while True:
        result = worker.step()
        if isinstance(result, Outcome):
            return result
        decision = driver.epoch_ended(worker.job.number, result)
        if decision is Decision.PAUSE:
            _save(worker, driver)
        if decision is not Decision.CONTINUE or result.is_last:
            return None


def _save(worker: TrialWorker, driver: SweepDriver) -> None:
    if problem := worker.save():
        driver.could_not_save(worker.job.number, problem)
