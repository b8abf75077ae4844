"""Reading a store into records."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from sys import intern
from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from ferray.config.keep import keep_words
from ferray.config.option_names import OptionNames, option_names
from ferray.config.place import read_place, words_for
from ferray.config.space import parse_space
from ferray.errors import ConfigError, DataError, did_you_mean
from ferray.study.database import database_errors_named
from ferray.study.enqueued import given_sets
from ferray.study.garbage_collection import no_collection
from ferray.study.journal import MISSHAPEN, Journal
from ferray.study.lease import driver_of, drivers_of
from ferray.study.pruners import first_epoch_of
from ferray.study.records import (
    CALLED_ATTR,
    DATA_ATTR,
    DRIVER_ATTR,
    FREED_ATTR,
    LEARNT_ATTR,
    PARENT_ATTR,
    READING_ATTR,
    RESULT_ATTR,
    SCHEMA,
    SPEC_ATTR,
    TRIAL_ATTR,
    DataIdentity,
    DriverRecord,
    FoldRecord,
    Reading,
    SweepRecord,
    TrialRecord,
)
from ferray.study.records import TrialState as RecordState
from ferray.study.replay import Replay, ReplayedTrial
from ferray.study.store import journal_to_read, open_store
from ferray.study.waiting import is_waiting
from ferray.text.sanitize import inside

_STATES: dict[str, RecordState] = {
    "completed": "complete",
    "pruned": "pruned",
    "diverged": "diverged",
    "running": "running",
    "waiting": "waiting",
    "interrupted": "interrupted",
    "orphaned": "interrupted",
}
Clock = Callable[[], float]


def load_sweep(folder: Path, storage: str | None = None) -> SweepRecord:
    """Everything the store of the sweep in `folder` says; ConfigError where it holds no such sweep."""
    return SweepReader(folder, storage).read()


class SweepReader:
    """What the store of the sweep in `folder` says, as often as it is asked; of a journal only the new lines are read.

    The store is `storage`, else the one that the folder remembers, else its journal, which holds one study whatever its
    folder has been renamed to since. `clock` gives seconds since the epoch.
    """

    def __init__(self, folder: Path, storage: str | None = None, *, clock: Clock = time.time) -> None:
        self._place = read_place(folder)
        self._storage = storage or self._place.storage
        self._clock = clock
        self._store: BaseStorage | None = None
        self._journal: Journal | None = None
        self._replay = Replay()
        self._ended: dict[int, TrialRecord] = {}

    def read(self) -> SweepRecord:
        """The sweep as of now, under its folder's name; ConfigError where there is none."""
        folder = self._place.folder
        return replace(self._read(), name=folder.name, words=words_for(folder, self._storage))

    def _read(self) -> SweepRecord:
        if self._storage is None:
            return self._read_journal()
        with database_errors_named():
            self._store = self._store or open_store(self._place.folder, self._storage)
            return read_sweep(self._store, self._place.study, clock=self._clock)

    def _read_journal(self) -> SweepRecord:
        if self._journal is None or self._journal.is_replaced:
            self._journal, self._replay, self._ended = journal_to_read(self._place.folder), Replay(), {}
        with no_collection():
            try:
                self._replay.apply(self._journal.read_logs(self._replay.num_applied))
            except MISSHAPEN as error:
                raise self._journal.misread(error) from error
            studies = {study.name: study for study in self._replay.studies}
            name = next(iter(studies)) if len(studies) == 1 else self._place.study
            if name not in studies:
                raise _unknown(name, studies)
            study = studies[name]
            return _sweep_record(name, study.user_attrs, study.trials, now=self._clock(), ended=self._ended)


def read_sweep(store: BaseStorage, study_name: str, *, clock: Clock = time.time) -> SweepRecord:
    """The study as records, trials in order of number; parameters that wait to be asked at all are left out."""
    try:
        study = optuna.load_study(study_name=study_name, storage=store)
    except KeyError as error:
        raise _unknown(study_name, optuna.get_all_study_names(store)) from error
    return _sweep_record(study_name, study.user_attrs, study.get_trials(deepcopy=False), now=clock(), ended={})


def ended_record(trial: FrozenTrial, names: OptionNames) -> TrialRecord:
    """The record of a trial whose end has been told, as of that moment: nothing followed it yet.

    One that was put back, since no worker had begun it, waits.
    """
    return _record(trial, trial.user_attrs.get(RESULT_ATTR, {"outcome": "waiting"}), None, names=names)


def _unknown(name: str, known: Iterable[str]) -> ConfigError:
    return ConfigError(f"the store holds no sweep `{name}`", did_you_mean(name, known))


def _sweep_record(
    name: str,
    user_attrs: dict[str, Any],
    trials: Sequence[FrozenTrial | ReplayedTrial],
    *,
    now: float,
    ended: dict[int, TrialRecord],
) -> SweepRecord:
    """`ended` keeps the records of ended trials from one reading to the next: in them only what frees them changes.

    DataError where what the store says of a sweep is not of the kinds that ferray writes.
    """
    with _misshapen_named(name):
        facts = user_attrs.get(SPEC_ATTR)
        if facts is None and not trials:
            raise ConfigError(
                f"the sweep `{name}` has only begun, its store says nothing of it yet", "ask again in a moment"
            )
        if facts is None:
            raise DataError(f"the study `{name}` was not written by ferray")
        if facts["schema"] != SCHEMA:
            message = f"the store of `{name}` has schema `{facts['schema']}`, this ferray reads `{SCHEMA}`"
            raise DataError(message, "read it with the ferray that wrote it")
        drivers, objective = drivers_of(user_attrs, now), facts["objective"]
        driver = driver_of(user_attrs, now)
        retries = {trial.user_attrs["retry_of"]: trial.number for trial in trials if "retry_of" in trial.user_attrs}
        freed, names = _freed(user_attrs), _option_names(facts)
        records = []
        for trial in trials:
            known, successor = ended.get(trial.number), retries.get(trial.number)
            if known is None or known.superseded_by != successor or known.freed != freed.get(trial.number, ""):
                result, kept = _result_of(trial, driver, drivers), freed.get(trial.number, "")
                known = _record(trial, result, successor, names=names, freed=kept)
            if trial.state.is_finished():
                ended[trial.number] = known
            if trial.state is not TrialState.WAITING or is_waiting(trial):
                records.append(known)
        data = {key: DataIdentity(**facts) for key, facts in user_attrs.get(DATA_ATTR, {}).items()}
        counts = objective.get("epoch", "best")
        told = SweepRecord(name, objective["metric"], objective["mode"], tuple(records), driver, counts)
        learnt_from, given = tuple(_learnt_from(user_attrs)), given_sets(user_attrs)
        return replace(told, data=data, readings=_readings(user_attrs), learnt_from=learnt_from, given=given)


@contextmanager
def _misshapen_named(name: str) -> Iterator[None]:
    try:
        yield
    except MISSHAPEN as error:
        message = f"the store of `{name}` holds a record that ferray does not write: {error}"
        raise DataError(message, "restore it from a copy, or start anew with `--fresh`") from error


def _option_names(facts: dict[str, Any]) -> OptionNames:
    """Those of the sweep's space; none of one that this ferray cannot read."""
    try:
        return option_names(parse_space(facts["spec"]["space"]))
    except MISSHAPEN:
        return {}


def _freed(user_attrs: dict[str, Any]) -> dict[int, str]:
    """The `--keep` by which each trial that has none any more lost its best.pt, by number."""
    return {
        int(name.removeprefix(FREED_ATTR)): keep_words(int(most))
        for name, most in user_attrs.items()
        if name.startswith(FREED_ATTR)
    }


def _readings(user_attrs: dict[str, Any]) -> tuple[Reading, ...]:
    """Those of the test split, oldest first."""
    found = [Reading.from_json(facts) for name, facts in user_attrs.items() if name.startswith(READING_ATTR)]
    return tuple(sorted(found, key=lambda reading: reading.when or 0.0))


def _learnt_from(user_attrs: dict[str, Any]) -> Iterator[str | None]:
    for name in user_attrs:
        if name.startswith(LEARNT_ATTR):
            yield user_attrs.get(f"{CALLED_ATTR}{name.removeprefix(LEARNT_ATTR)}")


def _result_of(
    trial: FrozenTrial | ReplayedTrial, driver: DriverRecord | None, drivers: dict[str, DriverRecord]
) -> dict[str, Any]:
    """What the store keeps of a trial's end; of one without an end how far it came, and whether anybody trains it."""
    result: dict[str, Any] | None = trial.user_attrs.get(RESULT_ATTR)
    if result is not None:
        return result
    if is_waiting(trial):
        return {"outcome": "waiting"}
    so_far = _so_far(trial)
    if trial.state is not TrialState.RUNNING:
        return {**so_far, "outcome": "orphaned"}
    if token := trial.user_attrs.get(DRIVER_ATTR, {}).get("token"):
        driver = drivers.get(token)  # of several that drive it, the one that was given this trial
    if driver is not None and driver.is_alive:
        return {**so_far, "outcome": "running"}
    return {**so_far, "outcome": "interrupted", "message": DRIVER_DIED if driver else NO_DRIVER}


DRIVER_DIED = "its driver died; run the same command again to go on"
NO_DRIVER = "nobody drives it; run the same command again to go on"


def _so_far(trial: FrozenTrial | ReplayedTrial) -> dict[str, Any]:
    """The last step that a trial has told of, as the epoch that it has reached at least."""
    if not trial.intermediate_values:
        return {}
    step, value = max(trial.intermediate_values.items())
    return {"epochs": first_epoch_of(step, trial.user_attrs.get(TRIAL_ATTR, {}).get("epochs", 0)), "so_far": value}


_NUMBERS = ("value", "so_far", "epochs", "best_epoch", "accumulated", "seconds")  # of a result, or not there
_WORDS = ("message", "error_file", "reason", "host", "node")


def _record(
    trial: FrozenTrial | ReplayedTrial,
    result: dict[str, Any],
    superseded_by: int | None,
    *,
    names: OptionNames,
    freed: str = "",
) -> TrialRecord:
    facts: dict[str, Any] = trial.user_attrs.get(TRIAL_ATTR, {})
    state = _STATES.get(result["outcome"], "failed")
    confusion = tuple(tuple(row) for row in result.get("confusion", ()))
    num_val = sum(map(sum, confusion))
    if type(num_val) is not int:
        raise TypeError(f"trial {trial.number} counts `{num_val}` validation images")
    metrics = result.get("metrics", {})
    numbers = [*metrics.items(), *((name, result[name]) for name in _NUMBERS if result.get(name) is not None)]
    if wrong := [name for name, value in numbers if type(value) not in (int, float)]:
        raise TypeError(f"trial {trial.number} has `{wrong[0]}` that is no number")
    if wrong := [name for name in _WORDS if not isinstance(result.get(name, ""), str)]:
        raise TypeError(f"trial {trial.number} has `{wrong[0]}` that is no text")
    if not 0 <= (accuracy := metrics.get("val/accuracy", 0.0)) <= 1 and math.isfinite(accuracy):
        raise ValueError(f"trial {trial.number} has an accuracy of `{accuracy}`")
    return TrialRecord(
        number=trial.number,
        state=state,
        outcome=result["outcome"],
        value=result.get("value") if state in ("complete", "pruned") else result.get("so_far"),
        epochs=result.get("epochs", 0),
        epochs_asked=facts.get("epochs", 0),
        best_epoch=result.get("best_epoch", 0),
        recipe=facts.get("recipe", ""),
        params={intern(name): value for name, value in trial.params.items()},
        config=facts.get("config", {}),
        metrics={intern(name): value for name, value in metrics.items()},
        confusion=confusion,
        classes=tuple(map(intern, result.get("classes", ()))),
        num_val=num_val,
        folder=inside(facts.get("folder", ""), f"trial {trial.number}"),
        checkpoint=inside(result.get("checkpoint", ""), f"the checkpoint of trial {trial.number}"),
        message=result.get("message", ""),
        error_file=result.get("error_file", ""),
        reason=result.get("reason", ""),
        accumulated=result.get("accumulated", 1),
        seconds=result.get("seconds", 0.0),
        superseded_by=superseded_by,
        folds=tuple(map(FoldRecord.from_json, result.get("folds", ()))),
        parent=trial.user_attrs.get(PARENT_ATTR, {}),
        freed=freed,
        names=names,
        host=result.get("host", ""),
        node=result.get("node", ""),
        ended=trial.datetime_complete.timestamp() if trial.datetime_complete else None,
    )
