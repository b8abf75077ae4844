"""What figures are drawn from: whole numbers where they matter, short ones where they do not."""

from __future__ import annotations

import json
import math
from dataclasses import replace

from ferray.events import EpochReport
from ferray.reports.trial_data import MOST_EPOCHS, page_data
from ferray.results.leaderboard import rank
from ferray.results.selection import selection_effects
from ferray.testing.fake_sweep import TRIALS, sweep_record

BOARD = rank(sweep_record())


def data_of(history: list[EpochReport]) -> dict[str, list[float | None]]:
    found = page_data(BOARD, (), {0: history}, selection_effects(BOARD))
    curves: dict[str, list[float | None]] = found["curves"]["0"]
    return curves


def history(count: int, folds: int = 1) -> list[EpochReport]:
    """Epochs through so many folds, the second of each its best."""
    template, of_fold = TRIALS[0].reports[0], count // folds
    return [
        replace(template, epoch=each + 1, epochs=count, fold=each // of_fold, folds=folds, is_best=each % of_fold == 1)
        for each in range(count)
    ]


def test_epochs_count_in_their_fold_and_each_fold_begins_a_line() -> None:
    curves = data_of(history(6, folds=2))
    assert (curves["epoch"], curves["starts"]) == ([1, 2, 3, 1, 2, 3], [0, 3])


def test_a_long_history_is_thinned_but_for_its_best_and_its_last_epoch() -> None:
    epochs = data_of(history(1000))["epoch"]
    assert len(epochs) <= MOST_EPOCHS + 2
    assert {1, 2, 1000} <= set(epochs)


def test_what_is_no_number_is_a_gap() -> None:
    report = replace(TRIALS[0].reports[0], metrics={"val/uar": math.nan, "val/loss": math.inf})
    curves = data_of([report])
    assert (curves["value"], curves["val_loss"], curves["train_loss"]) == ([None], [None], [None])


def test_a_curve_keeps_four_digits() -> None:
    assert data_of([replace(TRIALS[0].reports[0], metrics={"val/uar": 0.123456})])["value"] == [0.1235]


def test_the_data_is_strict_json() -> None:
    whole = page_data(BOARD, (), {trial.number: trial.reports for trial in TRIALS}, selection_effects(BOARD))
    assert json.loads(json.dumps(whole, allow_nan=False)) == whole


def test_of_many_large_confusion_matrices_those_of_the_best_are_kept() -> None:
    one = replace(sweep_record().trials[4], confusion=((1,) * 150,) * 150)
    board = rank(replace(sweep_record(), trials=tuple(replace(one, number=number) for number in range(4))))
    drawn = page_data(board, (), {}, selection_effects(board))["trials"]
    assert [len(trial["confusion"]) for trial in drawn] == [150, 150, 0, 0]  # 22,500 cells each
