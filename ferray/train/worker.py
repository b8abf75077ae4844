"""`TrialWorker`: a trainer behind a wall. What goes wrong in a trial comes back as an outcome."""

from __future__ import annotations

import errno
import gc
import json
import shutil
import socket
import traceback
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import torch

from ferray.config.job import TrialJob
from ferray.errors import ConfigError, DataError, FerrayError
from ferray.events import EpochReport, FailureReason, Outcome, OutcomeKind
from ferray.train.checkpoint import read_checkpoint
from ferray.train.folder import TrialFolder, refuse_other_config
from ferray.train.opening import AnyTrainer, open_trainer
from ferray.train.process_state import ProcessState

MOST_TRIALS = 200  # that one worker process trains
MOST_GROWTH_BYTES = 2 * 2**30
ERROR_FILE = "error.txt"
STOP_FILE = "stop"  # its appearance in a trial's folder asks the worker to save and to say so by removing it
OUT_OF_MEMORY_WORDS = ("out of memory", "can't allocate memory", "cannot allocate memory", "not enough memory")


class TrialWorker:
    """Trains one job, one epoch a `step`; building the trainer is part of the first step.

    A trial that runs out of memory is tried once more with every batch cut into two pieces whose gradients are added
    up: the same effective batch, noted in each report from then on.
    """

    def __init__(self, job: TrialJob) -> None:
        self.job = job
        self._trainer: AnyTrainer | None = None
        self._process = ProcessState.capture()

    def step(self) -> EpochReport | Outcome:
        """The next epoch, or how the trial failed. Saves when the stop file asks for it."""
        try:
            report = self._step()
            if problem := self.heed_stop():
                report = replace(report, note=f"not saved: {problem}")
        except Exception as error:
            if is_out_of_memory(error) and self.job.accumulate == 1:
                return self._step_in_pieces()
            return self._failure(error)
        return report

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
            gc.collect()  # building it may have failed halfway
        self._trainer = None
        self._process.restore()

    def _step(self) -> EpochReport:
        earlier: tuple[EpochReport, ...] | None = None
        if Path(self.job.resume_from).name == "best.pt":
            return adopt(self.job)
        if self._trainer is None:
            self._refuse_lone_disk()
            self._trainer = open_trainer(self.job)
            earlier = self._trainer.history
        report = self._trainer.step()
        return replace(report, accumulated=self.job.accumulate, earlier=earlier)

    def _refuse_lone_disk(self) -> None:
        """The driver has made the folder of all trials: where it is missing, its disk is not this node's."""
        if not self.job.path.parent.is_dir():
            message = f"`{self.job.path.parent}` is not on this node `{socket.gethostname()}`"
            raise ConfigError(message, "pass an `--output` on a disk that all nodes share")

    def _step_in_pieces(self) -> EpochReport | Outcome:
        """From the last checkpoint, or from the start, with batches in two pieces."""
        self.close()
        self.job = replace(self.job, accumulate=2)
        return self.step()

    def _failure(self, error: Exception) -> Outcome:
        message = error.message if isinstance(error, FerrayError) else f"{type(error).__name__}: {error}"
        path = self.job.path / ERROR_FILE
        with suppress(OSError):
            path.parent.mkdir(exist_ok=True)
            path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        first_line = message.split("\n", 1)[0][:500]
        return Outcome(OutcomeKind.FAILED, first_line, str(path), reason_of(error))


def adopt(job: TrialJob) -> EpochReport:
    """The last report of a trial that had trained to its end when its driver died, its files taken over."""
    earlier = TrialFolder(Path(job.resume_from).parent)
    best = read_checkpoint(earlier.best, "best")
    refuse_other_config(earlier.best, best["config"], job.trial_config())
    folder = TrialFolder(job.path)
    folder.open(job.trial_config())
    folder.restart(earlier.read_lines())
    folder.record_init(best.get("init"))
    shutil.copyfile(earlier.best, folder.best)
    *before, last = (EpochReport.from_json(json.loads(line)) for line in folder.lines)
    return replace(last, earlier=tuple(before))


class Freshness:
    """Whether a warm worker is still worth keeping: not after many trials, nor once its memory has crept up.

    Growth is measured from the end of the first trial on, when every library has been loaded and warmed up.
    """

    def __init__(self) -> None:
        self._trials = 1
        self._first_bytes = 0

    def count(self) -> None:
        """Another trial begins in the same process."""
        self._trials += 1
        self._first_bytes = self._first_bytes or _resident_bytes()

    @property
    def is_gone(self) -> bool:
        """Whether the process should end with this trial."""
        grown = _resident_bytes() - self._first_bytes if self._first_bytes else 0
        return self._trials >= MOST_TRIALS or grown > MOST_GROWTH_BYTES


def _resident_bytes() -> int:
    return int(psutil.Process().memory_info().rss)


def request_stop(folder: Path) -> None:
    """Ask the worker of the trial in `folder` to save as soon as its epoch ends."""
    with suppress(OSError):
        (folder / STOP_FILE).touch()


def reason_of(error: Exception) -> FailureReason:
    """The name under which a failure is counted."""
    if is_out_of_memory(error):
        return FailureReason.OUT_OF_MEMORY
    if is_disk_full(error):
        return FailureReason.DISK_FULL
    if isinstance(error, DataError):
        return FailureReason.BAD_SAMPLE
    return FailureReason.SETTINGS if isinstance(error, ConfigError) else FailureReason.BUG


def is_disk_full(error: BaseException | None) -> bool:
    """Whether a disk or a quota had no room left, somewhere down the chain of causes."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__ or error.__context__
    return False


def is_out_of_memory(error: Exception) -> bool:
    """Whether memory of the GPU or of the host was refused; torch raises a plain RuntimeError for the host's."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in OUT_OF_MEMORY_WORDS)
