"""How far the trials that have not ended have come, by the files in their folders."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ferray.artifacts.history import read_history
from ferray.artifacts.sweep import SweepArtifacts
from ferray.errors import DataError
from ferray.events import EpochReport, best_epochs, pooled
from ferray.study.records import SweepRecord, TrialRecord

UNENDED = ("running", "interrupted", "orphaned")


def with_progress(record: SweepRecord, folder: Path) -> SweepRecord:
    """The record, with each trial that runs or was left running at the latest epoch that its history tells of.

    `folder` is the sweep's. The store hears of twelve steps of a trial, its folder of every epoch; where this machine
    cannot read that, what the store says stays.
    """
    if not any(map(_is_open, record.trials)):
        return record
    artifacts = SweepArtifacts.of(folder)
    return replace(record, trials=tuple(_brought_up(trial, record.metric, artifacts) for trial in record.trials))


def _is_open(trial: TrialRecord) -> bool:
    is_told = bool(trial.metrics)  # of its end
    return trial.outcome in UNENDED and not is_told and bool(trial.folder)


def _brought_up(trial: TrialRecord, metric: str, artifacts: SweepArtifacts) -> TrialRecord:
    if not _is_open(trial):
        return trial
    with suppress(DataError, OSError):
        history = read_history(artifacts.trial(trial.folder))
        if history and history[-1].epoch >= trial.epochs:
            return _at(trial, history, metric)
    return trial


def _at(trial: TrialRecord, history: list[EpochReport], metric: str) -> TrialRecord:
    counting = best_epochs(history)
    if not counting:
        return replace(trial, epochs=history[-1].epoch)
    best = pooled(counting) if len(counting) > 1 else counting[0]
    return replace(
        trial,
        value=best.metrics.get(metric),
        epochs=history[-1].epoch,
        best_epoch=best.epoch,
        metrics=best.metrics,
        confusion=best.confusion,
        classes=best.classes,
        num_val=best.num_val,
    )
