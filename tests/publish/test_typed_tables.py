"""The tables of a sweep's own run hold what the leaderboard and the records say, each column of one type."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from ferray.publish.typed_tables import (
    TypedTable,
    confirmation_table,
    failures_table,
    held_out_table,
    importance_table,
    leaderboard_table,
    outcome_series,
    outcomes_table,
    pairs_table,
    typed,
)
from ferray.results.held_out import HeldOut
from ferray.results.leaderboard import Leaderboard, rank
from ferray.study.importance import Importance, Importances
from ferray.testing.fake_confirmation import fake_confirmation
from ferray.testing.fake_sweep import sweep_record


@pytest.fixture
def board() -> Leaderboard:
    return rank(sweep_record())


def entry_of(table: TypedTable, row: tuple[Any, ...]) -> dict[str, Any]:
    """A row as the JSON of the leaderboard has it; what the trial lacks is left out of its params and metrics."""
    flat = dict(zip(table.columns, row, strict=True))
    entry: dict[str, Any] = {"params": {}, "metrics": {}}
    for name, value in flat.items():
        room, _, key = name.partition(".")
        if room in ("params", "metrics"):
            entry[room] |= {key: value} if value is not None else {}
        elif key in ("low", "high"):
            entry[room] = [*(entry.get(room) or []), value] if value is not None else None
        else:
            entry[name] = value
    return {**entry, "folds": json.loads(flat["folds"])}


def test_the_leaderboards_table_is_its_json_row_by_row(board: Leaderboard) -> None:
    table = leaderboard_table(board)
    entries = board.to_json()["trials"]
    known = [{**entry, "metrics": {k: v for k, v in entry["metrics"].items() if v is not None}} for entry in entries]
    assert [entry_of(table, row) for row in table.rows] == known


def test_what_ranks_comes_first_in_the_leaderboards_table(board: Leaderboard) -> None:
    assert leaderboard_table(board).columns[:5] == ("rank", "number", "state", "outcome", "value")


def test_every_value_is_of_its_columns_type(board: Leaderboard) -> None:
    table = leaderboard_table(board)
    kinds = {float: (int, float), str: (str,), bool: (bool,)}
    wrong = [
        (name, value)
        for row in table.rows
        for name, kind, value in zip(table.columns, table.types, row, strict=True)
        if value is not None and type(value) not in kinds[kind]
    ]
    assert wrong == []


def test_a_column_of_several_kinds_is_text_that_reads_back() -> None:
    assert typed(["size"], [[16], ["16"], [None]]).rows == (("16",), ("16",), (None,))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_finite_is_missing(value: float) -> None:
    table = typed(["loss"], [[value], [0.5]])
    assert (table.types, table.rows) == ((float,), ((None,), (0.5,)))


def test_outcomes_are_counted_in_the_order_of_their_ends(board: Leaderboard) -> None:
    # Trials end 4, 1, 0 an hour apart; trial 4 scores 0.75 and stays the best.
    times = {4: 10_800.0, 1: 14_400.0, 0: 18_000.0}
    trials = tuple(replace(t, ended=times[t.number], seconds=3600.0) for t in board.record.trials if t.number in times)
    table = outcomes_table(rank(replace(board.record, trials=trials)))
    assert table.columns == ("ended", "hours", "trial", "outcome", "best", "completed", "pruned")
    assert table.rows == (
        (1, 1.0, 4, "completed", 0.75, 1, 0),
        (2, 2.0, 1, "pruned", 0.75, 1, 1),
        (3, 3.0, 0, "completed", 0.75, 2, 1),
    )


def test_outcomes_without_times_are_in_the_order_of_trials(board: Leaderboard) -> None:
    assert [row[:3] for row in outcomes_table(board).rows] == [(n + 1, None, n) for n in range(6)]


def test_the_last_of_the_outcome_lines_are_the_leaderboards_counts(board: Leaderboard) -> None:
    series = outcome_series(outcomes_table(board))
    last = {outcome: count for ended, outcome, count in series.rows if ended == 6}
    assert last == {name: count for name, count in board.outcomes.items() if name != "running"}


def test_failures_are_told_with_their_sentence(board: Leaderboard) -> None:
    rows = {row[0]: row[1:4] for row in failures_table(board).rows}
    assert rows[2] == ("failed", "", "RuntimeError: out of memory")
    assert set(rows) == {2, 3, 5}


def test_finalists_have_their_n_and_interval() -> None:
    first, *_ = confirmation_table(fake_confirmation()).rows
    assert first[:5] == ("trial-4", 4, "1f3a9c2e", "test/uar", 3)
    assert first[7:10] == (0.65, 0.85, 40)  # the mean 0.75, 0.1 to both sides


def test_pairs_have_what_the_corrected_test_says() -> None:
    rows = pairs_table(fake_confirmation()).rows
    assert [row[-2:] for row in rows] == [(0.4, "not distinguishable"), (0.0012, "better"), (0.004, "better")]


def test_importance_says_by_whom_and_over_how_many_trials() -> None:
    found = Importances((Importance("fANOVA", {"optimizer.lr": 0.75, "batch_size": 0.25}, 20),))
    rows = importance_table(found).rows
    assert rows == (("optimizer.lr", 0.75, "fANOVA", 20), ("batch_size", 0.25, "fANOVA", 20))


def test_a_test_result_has_its_n_and_interval() -> None:
    answer = HeldOut(4, "1f3a9c2e", 2, 40, {"test/accuracy": 0.75}, ((15, 5), (5, 15)), ("Happy", "Sad"), "", "", 6, 7)
    (row,) = held_out_table([answer]).rows
    # Wilson's interval of 30 of 40: center (0.75 + z2/80) / (1 + z2/40), z2 = 3.8415.
    assert row[:4] == (4, "1f3a9c2e", "test/accuracy", 0.75)
    assert row[4:7] == (pytest.approx(0.5981, abs=1e-4), pytest.approx(0.8581, abs=1e-4), 40)
