"""Which checkpoints stay when trials end: what interrupted ones go on from, and the best.pt that `--keep` keeps."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from contextlib import suppress

from ferray.artifacts.sweep import SweepArtifacts
from ferray.errors import StorageError
from ferray.events import Outcome, OutcomeKind
from ferray.stats.ranking import trial_rank
from ferray.study.records import SweepRecord, TrialRecord
from ferray.study.study import Study, Trial


class Retention:
    """Frees the checkpoints of a sweep that nobody is to go on from; called on the driver's thread.

    Of the complete trials that have their best.pt the `most` best so far keep it, all where it is None; with a number,
    those that did not complete keep none. What an interrupted trial has left stays until its parameters have been asked
    again and that trial has ended.
    """

    def __init__(self, artifacts: SweepArtifacts, study: Study, most: int | None) -> None:
        self._artifacts = artifacts
        self._study = study
        self._most = most
        self._kept: list[tuple[float, int, str]] = []  # rank by the objective, number and folder, best first

    def begin(self, record: SweepRecord) -> int:
        """Free what earlier commands have kept beyond `most`; how many trials that leaves without a best.pt."""
        if self._most is None:
            return 0
        freed = 0
        for trial in _ended_for_good(record):
            if trial.state == "complete" and not trial.freed:
                freed += self._admit(trial.number, trial.folder, trial.value)
            elif trial.state != "complete":
                self._delete_best(trial.folder)
        return freed

    def trial_ended(self, trial: Trial, outcome: Outcome, value: float | None) -> None:
        """Nobody goes on from the last.pt of a trial that has ended for good, whose objective is `value`."""
        if outcome.kind is OutcomeKind.INTERRUPTED:
            return
        for folder in (trial.folder, *trial.resume_folders):
            with suppress(StorageError, OSError):
                self._artifacts.trial(folder).discard_last()
        if self._most is None:
            return
        for folder in trial.resume_folders:
            self._delete_best(folder)
        if outcome.kind is OutcomeKind.COMPLETED:
            self._admit(trial.number, trial.folder, value)
        else:
            self._delete_best(trial.folder)

    def _admit(self, number: int, folder: str, value: float | None) -> int:
        """Let a complete trial compete; how many trials, itself or a former one, have lost their best.pt over it."""
        rank = trial_rank(number, value, self._study.spec.objective.mode)
        bisect.insort(self._kept, (*rank, folder))
        beaten, self._kept = self._kept[self._most :], self._kept[: self._most]
        return sum(self._free(number, folder) for _, number, folder in beaten)

    def _free(self, number: int, folder: str) -> bool:
        """Delete a trial's best.pt and say so in the record; in this order, as the next command finds what is left."""
        is_gone = self._delete_best(folder)
        if is_gone and self._most is not None:
            self._study.remember_freed(number, self._most)
        return is_gone

    def _delete_best(self, folder: str) -> bool:
        """Whether the trial's best.pt, one a fold where it has some, is not there any more."""
        if not folder:
            return True
        with suppress(StorageError, OSError):
            self._artifacts.trial(folder).discard_best()
            return True
        return False


def _ended_for_good(record: SweepRecord) -> Iterator[TrialRecord]:
    """All trials but those that run, and those interrupted whose parameters have not been asked again to their end."""
    trials = {trial.number: trial for trial in record.trials}
    for trial in record.trials:
        last: TrialRecord | None = trial
        while last is not None and last.superseded_by is not None:
            last = trials.get(last.superseded_by)  # None where it waits to be asked
        if last is not None and last.state not in ("running", "interrupted"):
            yield trial
