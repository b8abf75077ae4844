"""`TrialWorker`: a trainer behind a wall. What goes wrong in a trial comes back as an outcome."""

from __future__ import annotations

import gc
import traceback
from contextlib import suppress

from ferray.config.job import TrialJob
from ferray.errors import FerrayError
from ferray.events import EpochReport, Outcome, OutcomeKind
from ferray.train.trainer import Trainer

ERROR_FILE = "error.txt"


class TrialWorker:
    """Trains one job, one epoch a `step`; building the trainer is part of the first step."""

    def __init__(self, job: TrialJob) -> None:
        self.job = job
        self._trainer: Trainer | None = None

    def step(self) -> EpochReport | Outcome:
        """The next epoch, or how the trial failed."""
        try:
            if self._trainer is None:
                self._trainer = Trainer(self.job)
            return self._trainer.step()
        except Exception as error:
            return self._failure(error)

    def save(self) -> None:
        """Write `last.pt` now, so that a retry starts from the last finished epoch."""
        if self._trainer is not None and self._trainer.epochs_done:
            self._trainer.save()

    def close(self) -> None:
        """Give back what the trial holds."""
        if self._trainer is not None:
            self._trainer.close()
        self._trainer = None
        gc.collect()

    def _failure(self, error: Exception) -> Outcome:
        message = error.message if isinstance(error, FerrayError) else f"{type(error).__name__}: {error}"
        path = self.job.path / ERROR_FILE
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        return Outcome(OutcomeKind.FAILED, message.split("\n", 1)[0][:500], str(path))
