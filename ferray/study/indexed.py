"""A journal storage whose trials are found by state without looking at all of them."""

from __future__ import annotations

import bisect
import copy
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend
from optuna.trial import FrozenTrial, TrialState

from ferray.study.garbage_collection import no_collection
from ferray.study.journal import MISSHAPEN, Journal


@dataclass
class _Seen:
    """The trials of one study in order of number, the finished by states, and what may have changed since.

    `unfinished` has the number of each trial that may still change by the id that the journal calls it by, and
    `touched` the ids that the journal has named since the last look.
    """

    trials: list[FrozenTrial] = field(default_factory=list)
    unfinished: dict[int, int] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)
    finished: dict[frozenset[TrialState], list[FrozenTrial]] = field(default_factory=dict)

    def put(self, trial: FrozenTrial) -> None:
        """Take the latest word on a trial that is new or was unfinished."""
        number = trial.number
        self.trials[number : number + 1] = [trial]
        if not trial.state.is_finished():
            self.unfinished[trial._trial_id] = number
            return
        self.unfinished.pop(trial._trial_id, None)
        for states, kept in self.finished.items():
            if trial.state in states:
                bisect.insort(kept, trial, key=_number)

    def changed(self) -> list[int]:
        """The numbers of the unfinished trials that the journal has named since the last call."""
        touched, self.touched = self.touched, set()
        return sorted(self.unfinished[trial_id] for trial_id in touched & self.unfinished.keys())

    def of(self, states: Container[TrialState]) -> list[FrozenTrial]:
        """Those in one of the states."""
        ended = frozenset(state for state in TrialState if state.is_finished() and state in states)
        if ended not in self.finished:
            self.finished[ended] = [trial for trial in self.trials if trial.state in ended]
        found = list(self.finished[ended])
        for number in self.unfinished.values():
            if self.trials[number].state in states:
                bisect.insort(found, self.trials[number], key=_number)
        return found


class IndexedJournalStorage(JournalStorage):
    """Optuna's journal storage, quick at `get_all_trials`, which every ask and every decision of a pruner calls.

    Optuna looks at every trial each time: 15 ms in a study of 10,000 on a busy machine, several times an ask. Here only
    trials that the journal has named since are looked at again, so that neither many that have ended nor many that run
    make it slow.
    """

    def __init__(self, log_storage: BaseJournalBackend) -> None:
        self._seen: dict[int, _Seen] = {}
        with no_collection():
            super().__init__(log_storage)

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """Trials in order of number, as of now; KeyError where there is no such study."""
        seen = self._seen.setdefault(study_id, _Seen())
        if not seen.trials:
            for trial in super().get_all_trials(study_id, deepcopy=False):
                seen.put(trial)
        self._add_new(study_id, seen)
        for number in seen.changed():
            seen.put(self._numbered(study_id, number))
        found = list(seen.trials) if states is None else seen.of(states)
        return copy.deepcopy(found) if deepcopy else found

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written in here reaches the journal at once at the end, and not at all if the process dies before."""
        if not isinstance(self._backend, Journal):
            yield
            return
        with self._thread_lock:
            self._backend.begin()
        try:
            yield
        finally:
            with self._thread_lock:
                self._backend.end()

    def _sync_with_backend(self) -> None:
        try:
            logs = self._backend.read_logs(self._replay_result.log_number_read)
            self._replay_result.apply_logs(self._noted(logs))
        except MISSHAPEN as error:
            if isinstance(self._backend, Journal):
                raise self._backend.misread(error) from error
            raise

    def _noted(self, logs: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The same operations; whose trial each is about is remembered."""
        for log in logs:
            if (trial_id := log.get("trial_id")) is not None:
                for seen in self._seen.values():
                    seen.touched.add(trial_id)
            yield log

    def _add_new(self, study_id: int, seen: _Seen) -> None:
        while True:
            try:
                seen.put(self._numbered(study_id, len(seen.trials)))
            except KeyError:  # it has not been asked yet
                return

    def _numbered(self, study_id: int, number: int) -> FrozenTrial:
        return self.get_trial(self.get_trial_id_from_study_id_trial_number(study_id, number))


def _number(trial: FrozenTrial) -> int:
    number: int = trial.number
    return number
