"""Reading a store into records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from ferray.errors import DataError, did_you_mean
from ferray.study.collection import no_collection
from ferray.study.database import database_errors_named
from ferray.study.records import (
    PARENT_ATTR,
    RESULT_ATTR,
    SCHEMA,
    SPEC_ATTR,
    TRIAL_ATTR,
    FoldRecord,
    SweepRecord,
    TrialRecord,
)
from ferray.study.records import TrialState as RecordState
from ferray.study.replay import ReplayedTrial, replay
from ferray.study.store import open_store, read_journal

_STATES: dict[str, RecordState] = {
    "completed": "complete",
    "pruned": "pruned",
    "diverged": "diverged",
    "failed": "failed",
    "interrupted": "failed",
}


def load_sweep(folder: Path, storage: str | None = None) -> SweepRecord:
    """Everything the store of the sweep in `folder` says; DataError where there is none.

    A journal holds one sweep, whatever its folder has been renamed to since.
    """
    if storage is not None:
        with database_errors_named():
            return read_sweep(open_store(folder, storage), folder.name)
    with no_collection():
        studies = {study.name: study for study in replay(read_journal(folder))}
    name = next(iter(studies)) if len(studies) == 1 else folder.name
    if name not in studies:
        raise _unknown(name, studies)
    return _sweep_record(name, studies[name].user_attrs, studies[name].trials)


def read_sweep(store: BaseStorage, name: str) -> SweepRecord:
    """The study called `name` as records, trials in order of number; parameters that wait to be asked are left out."""
    try:
        study = optuna.load_study(study_name=name, storage=store)
    except KeyError as error:
        raise _unknown(name, optuna.get_all_study_names(store)) from error
    return _sweep_record(name, study.user_attrs, study.get_trials(deepcopy=False))


def _unknown(name: str, known: Iterable[str]) -> DataError:
    return DataError(f"the store holds no sweep `{name}`", did_you_mean(name, known))


def _sweep_record(name: str, user_attrs: dict[str, Any], trials: Sequence[FrozenTrial | ReplayedTrial]) -> SweepRecord:
    facts = user_attrs.get(SPEC_ATTR)
    if facts is None:
        raise DataError(f"the study `{name}` was not written by ferray")
    if facts["schema"] != SCHEMA:
        message = f"the store of `{name}` has schema `{facts['schema']}`, this ferray reads `{SCHEMA}`"
        raise DataError(message, "read it with the ferray that wrote it")
    retries = {trial.user_attrs["retry_of"]: trial.number for trial in trials if "retry_of" in trial.user_attrs}
    records = [_record(trial, retries.get(trial.number)) for trial in trials if trial.state is not TrialState.WAITING]
    objective = facts["objective"]
    return SweepRecord(name, objective["metric"], objective["mode"], tuple(records))


def _record(trial: FrozenTrial | ReplayedTrial, superseded_by: int | None) -> TrialRecord:
    facts: dict[str, Any] = trial.user_attrs.get(TRIAL_ATTR, {})
    result: dict[str, Any] = trial.user_attrs.get(RESULT_ATTR, {})
    outcome = result.get("outcome", "running" if trial.state is TrialState.RUNNING else "orphaned")
    state: RecordState = "running" if trial.state is TrialState.RUNNING else _STATES.get(outcome, "failed")
    ranked = state in ("complete", "pruned")
    confusion = tuple(tuple(row) for row in result.get("confusion", ()))
    return TrialRecord(
        number=trial.number,
        state=state,
        outcome=outcome,
        value=result.get("value") if ranked else None,
        epochs=result.get("epochs", 0),
        epochs_asked=facts.get("epochs", 0),
        best_epoch=result.get("best_epoch", 0),
        recipe=facts.get("recipe", ""),
        params=trial.params,
        config=facts.get("config", {}),
        metrics=result.get("metrics", {}),
        confusion=confusion,
        classes=tuple(result.get("classes", ())),
        num_val=sum(map(sum, confusion)),
        folder=facts.get("folder", ""),
        checkpoint=result.get("checkpoint", ""),
        message=result.get("message", ""),
        error_file=result.get("error_file", ""),
        reason=result.get("reason", ""),
        accumulated=result.get("accumulated", 1),
        seconds=result.get("seconds", 0.0),
        superseded_by=superseded_by,
        folds=tuple(map(FoldRecord.from_json, result.get("folds", ()))),
        parent=trial.user_attrs.get(PARENT_ATTR, {}),
    )
