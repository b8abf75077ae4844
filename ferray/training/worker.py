"""`TrialWorker`: a trainer behind a wall. What goes wrong in a trial comes back as an outcome."""

from __future__ import annotations

import shutil
import socket
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ferray.config.job import TrialJob
from ferray.errors import CheckpointError, FerrayError, StorageError
from ferray.events import EpochReport, FailureReason, Outcome, OutcomeKind
from ferray.training.checkpoint import read_checkpoint, taking_apart
from ferray.training.failure import Failure
from ferray.training.folder import BEST_CHECKPOINT, ERROR_FILE, TrialFolder, refuse_other_config
from ferray.training.process_state import ProcessState, give_memory_back
from ferray.training.trainer import Trainer
from ferray.training.trainers import open_trainer

STOP_FILE = "stop"  # its appearance in a trial's folder asks the worker to save and to say so by removing it


class TrialWorker:
    """Trains one job, one epoch a `step`; building the trainer is part of the first step.

    A trial that runs out of memory is tried once more with every batch cut into two pieces whose gradients are added
    up: the same effective batch, noted in each report from then on.
    """

    def __init__(self, job: TrialJob) -> None:
        self.job = job
        self._trainer: Trainer | None = None
        self._process = ProcessState.capture()

    def step(self) -> EpochReport | Outcome:
        """The next epoch, or how the trial failed. Saves when the stop file asks for it."""
        result = self._attempt()
        if isinstance(result, Failure) and result.reason is FailureReason.OUT_OF_MEMORY and self.job.accumulate == 1:
            # Not in an `except` block, whose error would keep the first attempt's memory while the second asks for its.
            self._go_on_in_pieces()
            result = self._attempt()
        return self._failed(result) if isinstance(result, Failure) else result

    def save(self) -> str:
        """Write `last.pt` now, so that a retry starts from the last finished epoch; "", or why that was not possible.

        An older one stays then, and with it all but the epochs since.
        """
        if self._trainer is None or not self._trainer.epochs_done:
            return ""
        try:
            self._trainer.save()
        except FerrayError as error:
            return error.message
        return ""

    def heed_stop(self) -> str:
        """Save and acknowledge, where the stop file asks for it; "", or why there was no saving."""
        stop = self.job.path / STOP_FILE
        if not stop.exists():
            return ""
        problem = self.save()
        stop.unlink(missing_ok=True)
        return problem

    def close(self) -> None:
        """Give back what the trial holds."""
        if self._trainer is not None:
            self._trainer.close()
        else:
            give_memory_back()  # building it may have failed halfway
        self._trainer = None
        self._process.restore()

    def _attempt(self) -> EpochReport | Failure:
        try:
            report = self._step()
            problem = self.heed_stop()
        except Exception as error:
            return self._failure(error)
        return replace(report, note=f"not saved: {problem}") if problem else report

    def _step(self) -> EpochReport:
        if self._trainer is not None:
            return replace(self._trainer.step(), accumulated=self.job.accumulate)
        self._refuse_lone_disk()
        adopted, problem = self._adopted()
        if adopted is not None:
            return adopted
        self._trainer = open_trainer(self.job)
        earlier, report = self._trainer.history, self._trainer.step()
        note = "; ".join(filter(None, (problem, report.note)))
        return replace(report, accumulated=self.job.accumulate, earlier=earlier, note=note)

    def _adopted(self) -> tuple[EpochReport | None, str]:
        """The end of an earlier attempt that had trained to its end; where that is torn, why the trial trains again."""
        if Path(self.job.resume_from).name != BEST_CHECKPOINT:
            return None, ""
        try:
            return adopt(self.job), ""
        except CheckpointError as error:
            problem = f"{error.message}; it is trained again"
        self.job = replace(self.job, resume_from="")
        return None, problem

    def _refuse_lone_disk(self) -> None:
        """The driver has made the folder of all trials: where it is missing, its disk is not this node's."""
        if not self.job.path.parent.is_dir():
            message = f"`{self.job.path.parent}` is not on this node `{socket.gethostname()}`"
            raise StorageError(message, "pass an `--output` on a disk that all nodes share")

    def _failure(self, error: Exception) -> Failure:
        failure, root = Failure.of(error), Path(self.job.data_root)
        if failure.reason is not FailureReason.DATA or root.is_dir():
            return failure
        # The driver's check has found the data there: it is this node that lacks it.
        message = f"the data root `{root}` is not on this node `{socket.gethostname()}`"
        return replace(failure, message=message, reason=FailureReason.STORAGE)

    def _go_on_in_pieces(self) -> None:
        """From the last checkpoint, or from the start, with batches in two pieces."""
        self.close()
        self.job = replace(self.job, accumulate=2)

    def _failed(self, failure: Failure) -> Outcome:
        path = self.job.path / ERROR_FILE
        with suppress(OSError):
            path.parent.mkdir(exist_ok=True)
            path.write_text(failure.traceback, encoding="utf-8")
        return Outcome(OutcomeKind.FAILED, failure.message, str(path), failure.reason)


def adopt(job: TrialJob) -> EpochReport:
    """The last report of a trial that had trained to its end when its driver died, its files taken over."""
    earlier = TrialFolder(Path(job.resume_from).parent)
    best = read_checkpoint(earlier.best, "best")
    with taking_apart(earlier.best):
        refuse_other_config(earlier.best, best["config"], job.trial_config())
    folder = TrialFolder(job.path)
    folder.open(job.trial_config())
    folder.restart(earlier.read_lines())
    folder.record_init(best.get("init"))
    shutil.copyfile(earlier.best, folder.best)
    *before, last = folder.reports
    return replace(last, earlier=tuple(before))


def request_stop(folder: Path) -> None:
    """Ask the worker of the trial in `folder` to save as soon as its epoch ends."""
    with suppress(OSError):
        (folder / STOP_FILE).touch()
