"""Which checkpoints stay when trials end: what interrupted ones go on from, and the best.pt that `--keep` keeps."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from contextlib import suppress

from ferray.artifacts.sweep import SweepArtifacts
from ferray.errors import StorageError
from ferray.events import Outcome, OutcomeKind
from ferray.stats.ranking import is_better, trial_rank
from ferray.study.records import SweepRecord, TrialRecord
from ferray.study.study import Study, Trial


class Retention:
    """Frees the checkpoints of a sweep that nobody is to go on from; called on the driver's thread.

    Of the complete trials that have their best.pt the `most` best so far keep it, all where it is None; with a number,
    those that did not complete keep none. What an interrupted trial has left stays until its parameters have been asked
    again and that trial has ended. A pruned trial that scored higher than all complete ones keeps its best weights so
    far, unless `most` is 0, until one of those beats it.
    """

    def __init__(self, artifacts: SweepArtifacts, study: Study, most: int | None) -> None:
        self._artifacts = artifacts
        self._study = study
        self._most = most
        self._kept: list[tuple[float, int, str]] = []  # rank by the objective, number and folder, best first
        self._leading: list[tuple[float, str]] = []  # pruned trials above the best complete one: value and folder
        self._best: float | None = None  # of the complete trials

    def begin(self, record: SweepRecord) -> int:
        """Free what earlier commands have kept beyond `most`; how many trials that leaves without a best.pt."""
        for trial in record.trials:
            if trial.state == "complete":
                self._completed(trial.value)
        for trial in record.trials:
            if trial.state == "pruned":
                self._pruned(trial.folder, trial.value)
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
        # Another trial may go on with the stage of one that failed.
        leaves_stages = trial.config.stages is not None and outcome.kind is not OutcomeKind.FAILED
        for folder in (trial.folder, *trial.resume_folders):
            with suppress(StorageError, OSError):
                self._artifacts.trial(folder).discard_last()
                if leaves_stages:
                    self._artifacts.trial(folder).discard_stages()
        if outcome.kind is OutcomeKind.COMPLETED:
            self._completed(value)
        elif outcome.kind is OutcomeKind.PRUNED:
            self._pruned(trial.folder, value)
        if self._most is None:
            return
        for folder in trial.resume_folders:
            self._delete_best(folder)
        if outcome.kind is OutcomeKind.COMPLETED:
            self._admit(trial.number, trial.folder, value)
        else:
            self._delete_best(trial.folder)

    def ended_elsewhere(self, trial: TrialRecord) -> None:
        """A trial of another driver has ended for good: it competes with those of this one."""
        if trial.state != "complete":
            return
        self._completed(trial.value)
        if self._most is not None:
            self._admit(trial.number, trial.folder, trial.value)

    def leads(self, value: float | None) -> bool:
        """Whether a trial that is pruned with this value keeps its weights: no complete one is as good."""
        return self._most != 0 and value is not None and is_better(value, self._best, self._study.spec.objective.mode)

    def _completed(self, value: float | None) -> None:
        """Free what was pruned below a trial that has completed with this value."""
        if not is_better(value, self._best, self._study.spec.objective.mode):
            return
        self._best = value
        leading, self._leading = self._leading, []
        for pruned, folder in leading:
            self._pruned(folder, pruned)

    def _pruned(self, folder: str, value: float | None) -> None:
        """Let a pruned trial keep what it has of its weights as long as it leads."""
        if self.leads(value):
            assert value is not None, "what leads has a value"
            self._leading.append((value, folder))
        elif folder:
            weights = self._artifacts.trial(folder).best_so_far
            with suppress(StorageError, OSError):
                if weights.exists():
                    weights.delete()

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
    """All but those that run or wait, and those interrupted whose parameters have not been asked again to their end."""
    trials = {trial.number: trial for trial in record.trials}
    for trial in record.trials:
        last: TrialRecord | None = trial
        while last is not None and last.superseded_by is not None:
            last = trials.get(last.superseded_by)  # None where it waits to be asked
        if last is not None and last.state not in ("running", "interrupted", "waiting"):
            yield trial
