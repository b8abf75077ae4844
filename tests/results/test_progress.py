"""Running trials, as far as their folders tell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ferray.events import EpochReport
from ferray.results.progress import with_progress
from ferray.study.records import SweepRecord, TrialRecord
from ferray.testing.fake_sweep import append_history, sweep_record

RUNNING = replace(sweep_record().trials[6], value=None, epochs=0, best_epoch=0, metrics={}, confusion=(), num_val=0)


def report(epoch: int, uar: float, *, is_best: bool, fold: int = 0, folds: int = 1) -> EpochReport:
    right = round(10 * uar)
    return EpochReport(
        epoch=epoch,
        epochs=8,
        metrics={"val/uar": uar},
        confusion=((right, 10 - right), (10 - right, right)),
        classes=("a", "b"),
        num_train=40,
        is_best=is_best,
        fold=fold,
        folds=folds,
    )


def brought_up(trial: TrialRecord, folder: Path, *reports: EpochReport) -> TrialRecord:
    for epoch in reports:
        append_history(folder / trial.folder, epoch)
    return with_progress(SweepRecord("x", "val/uar", "max", (trial,)), folder).trials[0]


def test_running_trial_is_at_the_last_epoch_of_its_history_with_its_best_value(tmp_path: Path) -> None:
    best, worse = report(1, 0.5, is_best=True), report(2, 0.3, is_best=False)
    trial = brought_up(RUNNING, tmp_path, best, worse)
    assert (trial.epochs, trial.best_epoch, trial.value, trial.num_val) == (2, 1, 0.5, 20)


def test_folds_count_together(tmp_path: Path) -> None:
    first = report(4, 0.5, is_best=True, folds=2)
    trial = brought_up(RUNNING, tmp_path, first, report(5, 0.3, is_best=True, fold=1, folds=2))
    assert (trial.epochs, trial.value, trial.num_val) == (5, pytest.approx(0.4), 40)


def test_store_is_believed_where_the_folder_lags_behind(tmp_path: Path) -> None:
    trial = brought_up(replace(RUNNING, epochs=5, value=0.6), tmp_path, report(2, 0.3, is_best=True))
    assert (trial.epochs, trial.value) == (5, 0.6)


def test_unreadable_history_leaves_what_the_store_says(tmp_path: Path) -> None:
    path = tmp_path / RUNNING.folder / "history.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text('{"epoch": "three"}\n')
    assert brought_up(RUNNING, tmp_path) == RUNNING


def test_trial_that_has_ended_is_not_looked_at(tmp_path: Path) -> None:
    ended = sweep_record().trials[5]
    assert brought_up(ended, tmp_path, report(8, 0.9, is_best=True)) == ended
