"""The ranking and its JSON and CSV, on a sweep with every outcome."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Literal

import pytest

from ferray.results.leaderboard import Leaderboard, rank
from ferray.stats.intervals import uar_interval, wilson_interval
from ferray.stats.macro_f1 import macro_f1_interval
from ferray.study.records import SweepRecord
from ferray.testing.fake_sweep import sweep_record


@pytest.fixture
def board() -> Leaderboard:
    return rank(sweep_record())


def test_complete_trials_come_best_first(board: Leaderboard) -> None:
    assert [trial.number for trial in board.complete] == [4, 0]


def test_lowest_comes_first_when_the_objective_is_minimised() -> None:
    board = rank(replace(sweep_record(), mode="min"))
    assert [trial.number for trial in board.complete] == [0, 4]


def test_ties_go_to_the_lower_number() -> None:
    record = sweep_record()
    twin = replace(record.trials[4], number=9)
    board = rank(replace(record, trials=(twin, *record.trials)))
    assert [trial.number for trial in board.complete] == [4, 9, 0]


def test_pruned_trial_that_scored_higher_ranks_below_complete_ones() -> None:
    record = sweep_record()
    trials = tuple(replace(trial, value=0.99) if trial.number == 1 else trial for trial in record.trials)
    assert [trial.number for trial in rank(replace(record, trials=trials)).trials][:3] == [4, 0, 1]


@pytest.mark.parametrize(("mode", "value", "above"), [("max", 0.76, 1), ("max", 0.74, 0), ("min", 0.4, 1)])
def test_pruned_trials_above_the_best_complete_one_are_known(
    mode: Literal["max", "min"], value: float, above: int
) -> None:
    record = sweep_record()
    trials = tuple(replace(trial, value=value) if trial.number == 1 else trial for trial in record.trials)
    assert len(rank(replace(record, mode=mode, trials=trials)).pruned_above_best) == above


def test_json_orders_complete_pruned_diverged_running_failed_interrupted(board: Leaderboard) -> None:
    assert [(entry["number"], entry["state"]) for entry in board.to_json()["trials"]] == [
        (4, "complete"),
        (0, "complete"),
        (1, "pruned"),
        (3, "diverged"),
        (6, "running"),
        (2, "failed"),
        (5, "interrupted"),
    ]


def test_json_keeps_the_promised_keys(board: Leaderboard) -> None:
    promised = {
        "number",
        "state",
        "value",
        "epochs",
        "recipe",
        "params",
        "metrics",
        "num_val",
        "interval",
        "checkpoint",
    }
    assert promised <= board.to_json()["trials"][0].keys()


def test_json_of_the_best_trial_tells_its_figures(board: Leaderboard) -> None:
    best = board.to_json()["trials"][0]
    assert {key: best[key] for key in ("rank", "value", "epochs", "recipe", "num_val", "checkpoint")} == {
        "rank": 1,
        "value": 0.75,
        "epochs": 2,
        "recipe": "1f3a9c2e",
        "num_val": 40,
        "checkpoint": "trials/0004-1f3a9c2e/best.pt",
    }


def test_json_names_the_objective(board: Leaderboard) -> None:
    assert board.to_json()["objective"] == {"metric": "val/uar", "mode": "max"}


def test_interval_is_wilson_of_the_accuracy(board: Leaderboard) -> None:
    assert board.to_json()["trials"][0]["interval"] == list(wilson_interval(30, 40))


def test_value_interval_is_that_of_the_objective(board: Leaderboard) -> None:
    assert board.to_json()["trials"][0]["value_interval"] == list(uar_interval(((15, 5), (5, 15))))


def test_trial_without_an_epoch_has_no_interval(board: Leaderboard) -> None:
    failed = board.to_json()["trials"][5]
    assert (failed["interval"], failed["value"], failed["checkpoint"]) == (None, None, None)


def test_json_is_strict_when_a_trial_diverged() -> None:
    record = sweep_record()
    trials = tuple(replace(trial, metrics={"val/loss": float("nan")}) for trial in record.trials)
    assert '"val/loss": null' in json.dumps(rank(replace(record, trials=trials)).to_json(), allow_nan=False)


def test_only_parameters_that_vary_get_a_column(board: Leaderboard) -> None:
    assert (board.varying, board.common) == (("optimizer.lr",), {"backbone": "resnet18"})


def test_rows_are_text_parallel_to_the_columns(board: Leaderboard) -> None:
    # Two recalls of 11/22 once adjusted: 1.96 sqrt(2 * (1/4) / 22 / 4) = 0.148
    assert dict(zip(board.columns, board.rows[1], strict=True)) == {
        "rank": "2",
        "trial": "0",
        "val/uar": "0.500 ±0.148",
        "accuracy": "0.500 [0.352–0.648] n=40",
        "epoch": "3/3",
        "recipe": "1f3a9c2e",
        "lr": "3.14e-4",
    }


def test_objective_without_a_known_interval_stands_alone() -> None:
    board = rank(replace(sweep_record(), metric="val/loss"))
    assert board.rows[0][2] == "0.75"


def test_macro_f1_has_the_interval_of_its_confusion_matrix() -> None:
    low, high = macro_f1_interval(((15, 5), (5, 15)))
    board = rank(replace(sweep_record(), metric="val/macro_f1"))
    assert board.rows[0][2] == f"0.750 ±{(high - low) / 2:.3f}"


def test_ranks_carry_the_places_that_trials_may_truly_have() -> None:
    # 0.50 and 0.55 of 40 images differ by less than 1.96 of their error.
    record = sweep_record()
    near = replace(record.trials[4], value=0.55, confusion=((11, 9), (9, 11)))
    board = rank(replace(record, trials=(record.trials[0], near)))
    assert [row[0] for row in board.rows] == ["1 [1–2]", "2 [1–2]"]


def test_outcomes_are_counted_by_name(board: Leaderboard) -> None:
    assert board.outcomes == {"completed": 2, "pruned": 1, "diverged": 1, "running": 1, "failed": 1, "interrupted": 1}


def test_endings_count_every_attempt_that_was_cut_short_as_interrupted() -> None:
    record = sweep_record()
    died = replace(record.trials[5], number=7, outcome="orphaned")
    endings = rank(replace(record, trials=(*record.trials, died))).endings
    assert (endings["interrupted"], "orphaned" in endings) == (2, False)


def test_csv_has_one_line_a_trial_and_numbers_in_full(board: Leaderboard) -> None:
    rows = list(csv.DictReader(io.StringIO(board.to_csv())))
    assert (len(rows), rows[1]["params.optimizer.lr"], rows[0]["metrics.val/uar"]) == (7, "0.000314159", "0.75")


def test_csv_holds_the_interval_as_two_columns(board: Leaderboard) -> None:
    first = next(csv.DictReader(io.StringIO(board.to_csv())))
    assert float(first["interval.low"]) == wilson_interval(30, 40)[0]


def test_empty_sweep_has_an_empty_ranking() -> None:
    board = rank(SweepRecord("new", "val/uar", "max", ()))
    assert (board.best, board.rows, board.to_json()["trials"]) == (None, (), [])


NAMES = {"backbone": {"timm": "resnet18.a1_in1k"}}


@pytest.fixture
def board_of_one_network() -> Leaderboard:
    record = sweep_record()
    trials = (replace(trial, params={**trial.params, "backbone": "timm"}, names=NAMES) for trial in record.trials)
    return rank(replace(record, trials=tuple(trials)))


def test_the_network_of_a_component_that_has_many_is_told_by_its_name(board_of_one_network: Leaderboard) -> None:
    assert board_of_one_network.common["backbone"] == "resnet18.a1_in1k"


def test_json_has_the_name_beside_the_parameter_as_it_is_recorded(board_of_one_network: Leaderboard) -> None:
    entry = board_of_one_network.to_json()["trials"][0]
    assert (entry["params"]["backbone"], entry["names"]) == ("timm", {"backbone": "resnet18.a1_in1k"})


def test_csv_has_a_column_for_the_name(board_of_one_network: Leaderboard) -> None:
    first = next(csv.DictReader(io.StringIO(board_of_one_network.to_csv())))
    assert (first["params.backbone"], first["names.backbone"]) == ("timm", "resnet18.a1_in1k")
