"""`BundleWorker`: the trials of a bundle in one process, and what each of them has to say after a step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ferray.config.job import JobBundle
from ferray.events import EpochReport, Outcome, Save
from ferray.training.fused_heads import FusedHeads
from ferray.training.joint_epoch import NetworkTraining
from ferray.training.process_state import ProcessState, give_memory_back
from ferray.training.worker import TrialWorker

TrialResult = EpochReport | Outcome


class BundleWorker:
    """Trains a bundle in turn, an epoch of each of its trials a `step`.

    The trials hear nothing of one another: a failure is the outcome of the one that failed, and what a plug-in leaves
    in the process is put aside while another trial has its turn. One that ends among others gives its memory to them.
    """

    def __init__(self, bundle: JobBundle) -> None:
        self._training = {job.number: TrialWorker(job) for job in bundle.jobs}
        self._last: TrialWorker | None = None  # that ended, kept open until its results have been told
        self._fused = FusedHeads()
        self._states = dict.fromkeys(self._training, ProcessState.capture()) if len(self._training) > 1 else {}

    @property
    def numbers(self) -> tuple[int, ...]:
        """The trials that have neither ended nor been dropped."""
        return tuple(self._training)

    def step(self) -> dict[int, TrialResult]:
        """The next epoch of each trial, or how it failed, by the trial's number.

        Trials that can be fused have trained it as one before each tells of its own.
        """
        fused, told = self._train_as_one(), {}
        for number in self.numbers:
            told[number] = self._step_of(number)
            if number not in fused:  # the others would hear only after their next epoch that they are to save
                self._heed_stop()
        if fused:
            self._heed_stop()
        return told

    def _train_as_one(self) -> set[int]:
        """The trials whose next epoch is had by now."""
        if len(self._training) < 2:
            return set()
        upcoming = {number: self._upcoming(number) for number in self.numbers}
        trained = self._fused.train([training for training in upcoming.values() if training is not None])
        return {number for number, training in upcoming.items() if training in trained}

    def _heed_stop(self) -> None:
        for worker in self._training.values():
            worker.heed_stop()

    def drop(self, number: int, *, save: Save) -> str:
        """End one trial while the others go on; "", or why it could not be saved where that was asked for."""
        problem = self._training[number].save(save) if number in self._training else ""
        self._end(number)
        return problem

    def close(self) -> None:
        """Give back what all trials hold."""
        for worker in (*self._training.values(), self._last):
            if worker is not None:
                worker.close()
        self._training, self._last, self._fused = {}, None, FusedHeads()
        if self._states:  # heads that ended among others have not looked through the process for theirs
            give_memory_back()

    def _step_of(self, number: int) -> TrialResult:
        worker = self._training[number]
        with self._own_state(number):
            result = worker.step()
        if isinstance(result, Outcome) or result.is_last:
            self._end(number)
        return result

    def _upcoming(self, number: int) -> NetworkTraining | None:
        worker = self._training[number]
        if worker.is_built:  # nothing of a plug-in's is called
            return worker.upcoming()
        with self._own_state(number):
            return worker.upcoming()

    def _end(self, number: int) -> None:
        worker = self._training.pop(number, None)
        if worker is None:
            return
        if self._training:
            worker.close()
        else:
            self._last = worker

    @contextmanager
    def _own_state(self, number: int) -> Iterator[None]:
        """The process as this trial has left it, and after that as it leaves it now; for one alone nothing is done."""
        if number not in self._states:
            yield
            return
        self._states[number].restore()
        yield
        self._states[number] = ProcessState.capture()
