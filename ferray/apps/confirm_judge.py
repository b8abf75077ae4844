"""The end of a confirmation: the test split judged once for each training, and what that says written down."""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ferray.apps.confirm_request import ConfirmRequest
from ferray.apps.judge import judge_trials
from ferray.apps.listener_group import telling
from ferray.artifacts.sweep import SweepArtifacts
from ferray.config.place import Place, read_place
from ferray.errors import DataError
from ferray.events import Listener
from ferray.results.answers import Answers, read_answers
from ferray.results.arms import arm_of, seed_of
from ferray.results.blinding import reading_now, reading_words, readings_of, standing_of
from ferray.results.confirm_scores import Judged, confirm_scores, joined, method_of
from ferray.results.confirmation import Confirmation, write_confirmation
from ferray.stats.estimates import METRICS, Metric
from ferray.study.history import load_sweep
from ferray.study.readings import remember_reading
from ferray.study.records import Reading, SweepRecord, TrialRecord
from ferray.training.seeding import derive_generator


def judge_finalists(request: ConfirmRequest, record: SweepRecord, listener: Listener) -> Confirmation | None:
    """The confirmation by the trainings in `record`; None, with a line on how it goes on, where some are to come.

    It is written into the folder of the trainings and into that of the search.
    """
    folder = request.trainings.folder
    if (standing := standing_of(record, folder)).is_open:
        listener.warned(f"note: {standing}: the test split is read when the others have, by the same command")
        return None
    complete = [trial for trial in record.trials if trial.state == "complete" and trial.checkpoint]
    remember = partial(_remember, request, record, listener)
    judge_trials(record, complete, folder, request.runtime, telling(listener), remember)
    found = _confirmation(request, record, complete, listener)
    for place in (folder, request.search.folder):
        if place.is_dir():
            write_confirmation(place, found)
    return found


def _remember(request: ConfirmRequest, record: SweepRecord, listener: Listener, judged: Sequence[TrialRecord]) -> None:
    """Write into both stores that the test split is read, and tell of readings before; what goes on is no other."""
    search, trainings = _place(request, request.search), _place(request, read_place(request.trainings.folder))
    begun = f"{trainings.identity} {request.sweep.spec.seeds}"
    reading = replace(
        reading_now("confirm", record.name, judged, standing_of(request.record, search.folder)),
        key=hashlib.sha256(begun.encode()).hexdigest()[:16],
    )
    former = [each for each in _readings(request) if each.key != reading.key]
    if former:
        listener.warned(f"note: the test split was read before: {'; '.join(map(reading_words, former))}")
    for place in (search, trainings):
        remember_reading(place, reading)


def _place(request: ConfirmRequest, place: Place) -> Place:
    """With the password of its store."""
    return replace(place, storage=request.runtime.storage or place.storage)


def _readings(request: ConfirmRequest) -> tuple[Reading, ...]:
    """All of the test split, as the stores of the search and of the trainings have them by now, oldest first."""
    storage = request.runtime.storage
    found: dict[str, Reading] = {}
    for folder in (request.search.folder, request.trainings.folder):
        record = load_sweep(folder, storage)
        found |= {reading.key: reading for reading in readings_of(record, folder)}
    return tuple(sorted(found.values(), key=lambda reading: reading.when or 0.0))


def _confirmation(
    request: ConfirmRequest, record: SweepRecord, complete: Sequence[TrialRecord], listener: Listener
) -> Confirmation:
    trainings, spec = request.trainings, request.sweep.spec
    judged = _judged(request, complete)
    absent = tuple(each.arm.name for each in judged if not each.by_seed)
    metric = _metric(record.metric, listener)
    if record.metric != f"val/{metric}":  # what they were chosen by is no value of the score that is shown
        judged = [replace(each, arm=replace(each.arm, validation=None)) for each in judged]
    rows, pairs = confirm_scores(judged, metric, derive_generator(trainings.first_seed, "confirm"))
    seeds = tuple(range(trainings.first_seed, trainings.first_seed + (spec.seeds or 0)))
    return Confirmation(
        sweep=request.record.name,
        trainings=trainings.name,
        metric=metric,
        split="nested" if trainings.num_folds else "test",
        seeds=seeds,
        classes=next(trial.classes for trial in complete if trial.classes),
        rows=rows,
        pairs=pairs,
        readings=_readings(request),
        num_folds=trainings.num_folds,
        absent=absent,
        written=time.time(),
        method=method_of(rows),
    )


def _judged(request: ConfirmRequest, complete: Sequence[TrialRecord]) -> list[Judged]:
    """Each arm with the answers of its seeds, of those alone whose every fold has completed."""
    artifacts = SweepArtifacts.of(request.trainings.folder)
    parts: dict[tuple[str, int], dict[int, Answers]] = defaultdict(dict)
    for trial in complete:
        answers = read_answers(artifacts.trial(trial.folder))
        if answers is None:
            file = artifacts.trial(trial.folder)
            raise DataError(f"`{file.answers}` is gone", f"delete `{file.held_out}` too, and confirm again")
        parts[arm_of(trial), seed_of(trial)].setdefault(int(trial.params.get("dataset.fold", 0)), answers)
    num_folds, num_seeds = max(1, request.trainings.num_folds), request.sweep.spec.seeds or 0
    found = []
    for arm in request.trainings.arms:
        whole = {
            seed: joined([folds[fold] for fold in sorted(folds)])
            for (name, seed), folds in parts.items()
            if name == arm.name and len(folds) == num_folds
        }
        found.append(Judged(arm, whole, num_lost=num_seeds - len(whole)))
    return found


def _metric(objective: str, listener: Listener) -> Metric:
    """The score of the search's objective; accuracy for a loss, which no answer of a single image has."""
    named = {f"val/{metric}": metric for metric in METRICS}
    if objective not in named:
        listener.warned(f"note: the search has ranked by `{objective}`, finalists are compared by accuracy")
    return named.get(objective, "accuracy")
