"""A sweep as optuna-dashboard shows it: a copy in memory that follows the store and takes no writes back to it."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
import optuna_dashboard
from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage
from optuna.trial import FrozenTrial, TrialState

from ferray.config.place import read_place
from ferray.study.database import database_errors_named, open_database
from ferray.study.history import SweepReader
from ferray.study.indexed import IndexedJournalStorage
from ferray.study.pruners import first_epoch_of
from ferray.study.records import SweepRecord, TrialRecord
from ferray.study.search import METRIC_NAMES, direction_of
from ferray.study.store import journal_to_read

FRESH_FOR_S = 1.0
MOST_NOTES = 1000  # the dashboard looks for each note among the lines of all of them

_STATES = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "running": TrialState.RUNNING,
    "waiting": TrialState.WAITING,
}  # of all others the value is none that was measured

WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True)
class Told:
    """What the dashboard says of a sweep beside its values: of itself, and of each trial columns and a note by number.

    Notes are Markdown; the first `MOST_NOTES` are shown.
    """

    study: Mapping[str, Any]
    note: str
    columns: Mapping[int, Mapping[str, Any]]
    notes: Mapping[int, str]


class SweepView(InMemoryStorage):
    """One study, called as the sweep's folder, whose trials are read from the store at most once a second.

    Trials have the values of the leaderboard: a pruned one its best so far, and none one that was told to the sampler
    in the place of a value. Steps are epochs. What is neither complete, pruned, running nor waiting is shown as failed,
    and its columns say how it ended.
    """

    def __init__(self, folder: Path, storage: str | None, tell: Callable[[SweepRecord], Told]) -> None:
        """ConfigError, DataError or ClusterError where the store cannot be read; `tell` writes columns and notes."""
        super().__init__()
        self._reader, self._tell = SweepReader(folder, storage), tell
        self.record = self._reader.read()
        self._source, self._source_study = _open_to_read(folder, storage)
        self._reading, self._read_at = threading.Lock(), float("-inf")
        self._told, self._trials = Told({}, "", {}, {}), list[FrozenTrial]()
        self.study_id = self.create_new_study([direction_of(self.record.mode)], self.record.name)
        self._refresh()

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """The trials as of now, in order of number."""
        self._refresh()
        found = [trial for trial in self._trials if states is None or trial.state in states]
        return copy.deepcopy(found) if deepcopy else found

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """The trial of this number, by which the view calls it."""
        for trial in self._trials:
            if trial._trial_id == trial_id:
                return trial
        raise KeyError(trial_id)

    def get_best_trial(self, study_id: int) -> FrozenTrial:
        """The first of the leaderboard."""
        return BaseStorage.get_best_trial(self, study_id)

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        """What is told of the sweep."""
        return dict(self._told.study)

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        """The objective's name, and the notes."""
        return self._system_attrs

    def get_all_studies(self) -> list[Any]:
        """The one study."""
        (study,) = super().get_all_studies()
        study.user_attrs, study.system_attrs = dict(self._told.study), self._system_attrs
        return [study]

    def _refresh(self) -> None:
        with self._reading:
            if time.monotonic() - self._read_at < FRESH_FOR_S:
                return
            with database_errors_named():
                self.record = self._reader.read()
                stored = self._source.get_all_trials(self._source_study, deepcopy=False)
            kept = {trial.number: trial for trial in stored}
            self._told = told = self._tell(self.record)
            self._trials = [
                _shown(kept[trial.number], trial, told.columns.get(trial.number, {}))
                for trial in self.record.trials
                if trial.number in kept
            ]
            self._system_attrs = {METRIC_NAMES: [self.record.metric], **_note(told.note, "")}
            for number, text in list(told.notes.items())[:MOST_NOTES]:
                self._system_attrs |= _note(text, f"{number}:")
            self._read_at = time.monotonic()


def dashboard_of(view: SweepView) -> WsgiApplication:
    """optuna-dashboard over a view, as a WSGI application."""
    application: WsgiApplication = optuna_dashboard.wsgi(view)
    return application


def _open_to_read(folder: Path, storage: str | None) -> tuple[BaseStorage, int]:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    place = read_place(folder)
    url = storage or place.storage
    if url is not None:
        with database_errors_named():
            database = open_database(url)  # there it is, as the record has just been read from it
            return database, database.get_study_id_from_name(place.study)
    journal: JournalStorage = IndexedJournalStorage(journal_to_read(folder))
    studies = journal.get_all_studies()
    of_name = [study for study in studies if study.study_name == place.study]
    return journal, (studies if len(studies) == 1 else of_name)[0]._study_id


def _shown(kept: FrozenTrial, trial: TrialRecord, columns: Mapping[str, Any]) -> FrozenTrial:
    state = _STATES.get(trial.state, TrialState.FAIL)
    value = trial.value if state in (TrialState.COMPLETE, TrialState.PRUNED) else None
    reached = {first_epoch_of(step, trial.epochs_asked): each for step, each in kept.intermediate_values.items()}
    return FrozenTrial(
        number=trial.number,
        state=state,
        value=value,
        datetime_start=kept.datetime_start,
        datetime_complete=kept.datetime_complete,
        params=kept.params,
        distributions=kept.distributions,
        user_attrs=dict(columns),
        system_attrs={},
        intermediate_values=reached,
        trial_id=trial.number,
    )


def _note(text: str, whose: str) -> dict[str, Any]:
    """The attributes that optuna-dashboard keeps a note in, whose parts may have 2,045 letters each."""
    parts = [text[start : start + 2045] for start in range(0, len(text), 2045)]
    pieces = {f"dashboard:{whose}note_str:{index}": part for index, part in enumerate(parts)}
    return {f"dashboard:{whose}note_ver": 1, **pieces} if parts else {}
