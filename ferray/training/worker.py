"""`TrialWorker`: a trainer behind a wall. What goes wrong in a trial comes back as an outcome."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import replace
from functools import cached_property

from ferray.artifacts.address import file_at
from ferray.artifacts.claim import claim, record_init, refuse_other_config
from ferray.artifacts.history import EpochLog, read_lines
from ferray.artifacts.trial import TrialArtifacts
from ferray.config.data_root import data_root_at, is_at_hand
from ferray.config.job import TrialJob
from ferray.data.pack_source import current_source
from ferray.errors import CheckpointError, ConfigError, FerrayError, StorageError
from ferray.events import EpochReport, FailureReason, Outcome, OutcomeKind, Save
from ferray.system.lean_imports import import_lean
from ferray.training.checkpoint import read_checkpoint, taking_apart
from ferray.training.failure import Failure
from ferray.training.gpu_share import keep_to_share
from ferray.training.joint_epoch import NetworkTraining
from ferray.training.network_trainer import NetworkTrainer
from ferray.training.process_state import ProcessState, give_memory_back
from ferray.training.trainer import Trainer
from ferray.training.trainers import open_trainer


class TrialWorker:
    """Trains one job, one epoch a `step`; building the trainer is part of the first step.

    A trial that runs out of memory is tried once more with every batch cut into two pieces whose gradients are added
    up: the same effective batch, noted in each report from then on. One that shares a GPU is not: there it is the share
    that is too small, and it is asked again with a larger one.
    """

    def __init__(self, job: TrialJob) -> None:
        import_lean()  # before the networks of timm, and before an optimiser's first step
        self.job = job
        self._trainer: Trainer | None = None
        self._untold: tuple[EpochReport, ...] | None = None
        self._ended_before: EpochReport | None = None  # the end of an earlier attempt, as it is to be told
        self._problem = ""  # with what an earlier attempt left, for the first report
        self._process = ProcessState.capture()

    def step(self) -> EpochReport | Outcome:
        """The next epoch, or how the trial failed. Saves when the stop file asks for it."""
        result = self._attempt()
        if isinstance(result, Failure) and self._may_try_in_pieces(result):
            # Not in an `except` block, whose error would keep the first attempt's memory while the second asks for its.
            self._go_on_in_pieces()
            result = self._attempt()
        return self._failed(result) if isinstance(result, Failure) else result

    @property
    def is_built(self) -> bool:
        """Whether all that its next epoch needs is there; of folds and stages the next may have to be opened first."""
        return isinstance(self._trainer, NetworkTrainer)

    def upcoming(self) -> NetworkTraining | None:
        """The training whose epoch the next step is, opened; None where it is no network's, or the step will fail."""
        try:
            trainer = self._opened()
            return None if trainer is None else trainer.upcoming()
        except Exception:  # which the step meets again, and makes an outcome of
            return None

    def save(self, what: Save = Save.LAST) -> str:
        """Write `last.pt` now, so that a retry starts from the last finished epoch; "", or why that was not possible.

        An older one stays then, and with it all but the epochs since. Of `Save.BEST` the best weights so far alone.
        """
        if self._trainer is None or what is Save.NOTHING:
            return ""
        try:
            if what is Save.LAST:
                self._trainer.save()
            else:
                self._trainer.save_best()
        except FerrayError as error:
            return error.message
        return ""

    def heed_stop(self) -> str:
        """Save and acknowledge, where the stop file asks for it; "", or why there was no saving."""
        if not self._artifacts.stop_is_requested():
            return ""
        problem = self.save()
        self._artifacts.acknowledge_stop()
        return problem

    def close(self) -> None:
        """Give back what the trial holds."""
        if self._trainer is not None:
            self._trainer.close()
        else:
            give_memory_back()  # building it may have failed halfway
        self._trainer = None
        self._process.restore()

    @cached_property
    def _artifacts(self) -> TrialArtifacts:
        return TrialArtifacts.at(self.job.folder)

    def _attempt(self) -> EpochReport | Failure:
        try:
            report = self._step()
            problem = self.heed_stop()
        except Exception as error:
            return self._failure(error)
        return replace(report, note=f"not saved: {problem}") if problem else report

    def _step(self) -> EpochReport:
        trainer = self._opened()
        if trainer is None:
            adopted, self._ended_before = self._ended_before, None
            assert adopted is not None, "it has neither a trainer nor an end"
            return adopted
        problem, self._problem = self._problem, ""
        report = trainer.step()
        return self._told(replace(report, note="; ".join(filter(None, (problem, report.note)))))

    def _opened(self) -> Trainer | None:
        """The trainer; None where an earlier attempt had trained to its end, which is taken over then."""
        if self._trainer is None and self._ended_before is None:
            self._refuse_lone_disk()
            self._ended_before, self._problem = self._adopted()
            if self._ended_before is None:
                keep_to_share(self.job)
                self._trainer = open_trainer(self.job)
                self._untold = self._trainer.history
        return self._trainer

    def _told(self, report: EpochReport) -> EpochReport:
        """The report as it leaves; with the first of the trial's own epochs go those from before a resume."""
        report = replace(report, accumulated=self.job.accumulate)
        if report.stage or self._untold is None:
            return report
        earlier, self._untold = self._untold, None
        return replace(report, earlier=earlier)

    def _adopted(self) -> tuple[EpochReport | None, str]:
        """The end of an earlier attempt that had trained to its end; where that is torn, why the trial trains again."""
        if not _has_ended(self.job.resume_from):
            return None, ""
        try:
            return adopt(self.job), ""
        except CheckpointError as error:
            problem = f"{error.message}; it is trained again"
        self.job = replace(self.job, resume_from="")
        return None, problem

    def _refuse_lone_disk(self) -> None:
        """What is written on a disk of this node alone, nobody finds."""
        try:
            is_shared = self._artifacts.files.is_shared()
        except ConfigError as error:  # the driver has opened the address: it is this node that has no client for it
            raise StorageError(f"{error.message} on this node `{socket.gethostname()}`", error.hint) from error
        if not is_shared:
            message = f"`{self.job.folder.rpartition('/')[0]}` is not on this node `{socket.gethostname()}`"
            raise StorageError(message, "pass an `--output` on a disk that all nodes share")

    def _failure(self, error: Exception) -> Failure:
        failure, root = Failure.of(error), data_root_at(self.job.data_root)
        if failure.reason is not FailureReason.DATA or is_at_hand(root) or current_source() is not None:
            return failure
        # The driver's check has found the data there: it is this node that lacks it.
        message = f"the data root `{root}` is not on this node `{socket.gethostname()}`"
        return replace(failure, message=message, reason=FailureReason.STORAGE)

    def _may_try_in_pieces(self, failure: Failure) -> bool:
        return failure.reason is FailureReason.OUT_OF_MEMORY and self.job.accumulate == 1 and not self.job.gpu_fraction

    def _go_on_in_pieces(self) -> None:
        """From the last checkpoint, or from the start, with batches in two pieces."""
        self.close()
        self.job = replace(self.job, accumulate=2)

    def _failed(self, failure: Failure) -> Outcome:
        file = ""
        with suppress(FerrayError):
            file = str(self._artifacts.error)
            self._artifacts.record_error(failure.traceback)
        return Outcome(OutcomeKind.FAILED, failure.message, file, failure.reason)


def adopt(job: TrialJob) -> EpochReport:
    """The last report of a trial that had trained to its end when its driver died, its files taken over."""
    earlier, artifacts = TrialArtifacts.around(job.resume_from), TrialArtifacts.at(job.folder)
    best = read_checkpoint(earlier.best, "best")
    with taking_apart(earlier.best):
        refuse_other_config(earlier.best, best["config"], job.trial_config())
    claim(artifacts, job.trial_config())
    log = EpochLog(artifacts)
    log.restart(read_lines(earlier))
    record_init(artifacts, best.get("init"))
    artifacts.best.copy_from(earlier.best)
    *before, last = log.reports
    return replace(last, earlier=tuple(before))


def _has_ended(checkpoint: str) -> bool:
    """Whether the attempt that left this checkpoint had trained to its end."""
    return bool(checkpoint) and file_at(checkpoint) == TrialArtifacts.around(checkpoint).best
