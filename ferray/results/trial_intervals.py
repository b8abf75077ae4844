"""How far a trial's scores may lie from the true ones: the intervals of its record and of its reports."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ferray.events import EpochReport
from ferray.stats.intervals import Interval, folds_interval, uar_interval, wilson_interval
from ferray.stats.macro_f1 import macro_f1_interval
from ferray.study.records import FoldRecord, TrialRecord


def accuracy_interval(trial: TrialRecord) -> Interval | None:
    """95 % interval of the validation accuracy, Wilson's or over folds; None when the trial finished no epoch."""
    if trial.folds:
        return _clipped(_interval_of_folds(trial.folds, [fold.metrics["val/accuracy"] for fold in trial.folds]))
    accuracy = trial.metrics.get("val/accuracy")
    if accuracy is None or not trial.num_val or not math.isfinite(accuracy):
        return None
    return wilson_interval(round(accuracy * trial.num_val), trial.num_val)


def measured_interval(reports: Sequence[EpochReport]) -> Interval | None:
    """95 % interval of the validation accuracy of one model, or of the mean over those of several folds."""
    accuracies = [report.metrics["val/accuracy"] for report in reports]
    if len(reports) > 1:
        return _clipped(_interval_of_folds(reports, accuracies))
    return wilson_interval(round(accuracies[0] * reports[0].num_val), reports[0].num_val)


def value_interval(trial: TrialRecord, metric: str) -> Interval | None:
    """95 % interval of the objective: over folds, or of one model for accuracy, UAR and macro-F1, else None."""
    if trial.value is None:
        return None
    if trial.folds:
        around = _interval_of_folds(trial.folds, [fold.value for fold in trial.folds])
        return around if metric == "val/loss" else _clipped(around)
    return accuracy_interval(trial) if metric == "val/accuracy" else image_interval(trial, metric)


def image_interval(trial: TrialRecord, metric: str) -> Interval | None:
    """95 % interval by the draw of the images alone, those of all folds together; None for another metric."""
    if not trial.confusion:
        return None
    if metric == "val/accuracy":
        return wilson_interval(sum(row[label] for label, row in enumerate(trial.confusion)), trial.num_val)
    if metric == "val/uar":
        return uar_interval(trial.confusion)
    return macro_f1_interval(trial.confusion) if metric == "val/macro_f1" else None


def _interval_of_folds(folds: Sequence[FoldRecord | EpochReport], values: Sequence[float]) -> Interval | None:
    k = len(folds)
    num_train = sum(fold.num_train for fold in folds) / k
    return folds_interval(values, num_train=num_train, num_val=sum(fold.num_val for fold in folds) / k)


def _clipped(interval: Interval | None) -> Interval | None:
    """Of a share, which lies in [0, 1]."""
    return (max(0.0, interval[0]), min(1.0, interval[1])) if interval else None
