"""What the figures of a page are drawn from: each trial and its epochs as plain numbers, as short as they can be."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import accumulate
from typing import Any

from ferray.events import EpochReport
from ferray.reports.axes import Axis
from ferray.reports.confusions import Rows, recalls
from ferray.results.export import finite
from ferray.results.leaderboard import Leaderboard
from ferray.results.selection import SelectionEffects
from ferray.results.trial_intervals import value_interval
from ferray.study.records import TrialRecord

MOST_EPOCHS = 120  # points of a curve; of longer ones, evenly spread epochs and the last
DIGITS = 4  # that a curve's points keep
MOST_CELLS = 50_000  # of all confusion matrices together; those of the best trials are kept


def page_data(
    board: Leaderboard,
    axes: Sequence[Axis],
    histories: Mapping[int, Sequence[EpochReport]],
    selection: SelectionEffects,
) -> dict[str, Any]:
    """The page's data in plain containers, trials in the order of the leaderboard."""
    classes = _classes(board)
    ranks = {trial.number: rank for rank, trial in enumerate(board.complete, start=1)}
    return {
        "metric": board.metric,
        "mode": board.mode,
        "axes": [asdict(axis) for axis in axes],
        "classes": classes,
        "best": board.best.number if board.best else None,
        "ranks": {str(number): list(ranks) for number, ranks in selection.ranks.items()},
        "budgets": [[each.budget, _short(each.value), *map(_short, each.interval)] for each in selection.expected_best],
        "trials": [
            {
                **_trial(trial, ranks.get(trial.number), board.metric, axes, classes),
                **_answers(trial.confusion if whole else ()),
            }
            for trial, whole in zip(board.trials, _with_answers(board.trials), strict=True)
        ],
        "curves": {
            str(trial.number): _curves(histories[trial.number], board.metric)
            for trial in board.trials
            if histories.get(trial.number)
        },
    }


def _classes(board: Leaderboard) -> list[list[str]]:
    """The lists of class names that there are, most often one."""
    return [list(classes) for classes in dict.fromkeys(trial.classes for trial in board.trials if trial.classes)]


def _trial(
    trial: TrialRecord, rank: int | None, metric: str, axes: Sequence[Axis], classes: list[list[str]]
) -> dict[str, Any]:
    interval = value_interval(trial, metric)
    return {
        "number": trial.number,
        "rank": rank,
        "outcome": trial.ending,
        "state": trial.state,
        "value": finite(trial.value),
        "interval": list(interval) if interval else None,
        "n": trial.num_val,
        "epochs": trial.epochs,
        "asked": trial.epochs_asked,
        "best": trial.best_epoch,
        "seconds": trial.seconds,
        "at": [axis.place(trial.told[axis.name]) if axis.name in trial.told else None for axis in axes],
        "params": {name: finite(value) for name, value in trial.told.items()},
        "metrics": {name: finite(value) for name, value in trial.metrics.items() if "/recall/" not in name},
        "classes": classes.index(list(trial.classes)) if trial.classes else None,
        "recipe": trial.recipe,
        "folder": trial.folder,
        "message": trial.message,
        "reason": trial.reason,
        "folds": [fold.value for fold in trial.folds],
    }


def _with_answers(trials: Sequence[TrialRecord]) -> list[bool]:
    """Which trials have their confusion matrices in the page: the first ones, as many as fit."""
    upto = accumulate(len(trial.confusion) ** 2 for trial in trials)
    return [place == 0 or cells <= MOST_CELLS for place, cells in enumerate(upto)]


def _answers(rows: Rows) -> dict[str, Any]:
    return {
        "confusion": [list(row) for row in rows],
        "recalls": [[_short(end) for end in recall.interval] for recall in recalls(rows)],
    }


def _curves(history: Sequence[EpochReport], metric: str) -> dict[str, Any]:
    """Epochs in their fold, the places at which folds begin, and the figures that are drawn."""
    shown = _thinned(history)
    of_fold = [report.epochs // report.folds for report in shown]
    return {
        "epoch": [report.epoch - report.fold * each for report, each in zip(shown, of_fold, strict=True)],
        "starts": [i for i, report in enumerate(shown) if i == 0 or report.fold != shown[i - 1].fold],
        **{
            key: [_short(report.metrics.get(name)) for report in shown]
            for key, name in (("value", metric), ("val_loss", "val/loss"), ("train_loss", "train/loss"))
        },
    }


def _thinned(history: Sequence[EpochReport]) -> list[EpochReport]:
    """The epochs where there are few; else so many of them, the last of each fold and its best among them."""
    step = math.ceil(len(history) / MOST_EPOCHS)
    best = {report.fold: report.epoch for report in history if report.is_best}
    last = {report.fold: report.epoch for report in history}
    kept = {*best.values(), *last.values()}
    return [report for place, report in enumerate(history) if place % step == 0 or report.epoch in kept]


def _short(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.{DIGITS}g}")
