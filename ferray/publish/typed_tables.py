"""The tables of a sweep's own run, as plain columns with their types; no wandb here: that is `sweep_run.py`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ferray.config.yaml import exact
from ferray.results.confirmation import Confirmation
from ferray.results.export import finite
from ferray.results.held_out import HeldOut
from ferray.results.leaderboard import Leaderboard
from ferray.stats.estimates import METRICS
from ferray.study.importance import Importances
from ferray.study.records import TrialRecord

ColumnType = type[float] | type[str] | type[bool]
_FIRST = (
    *("rank", "number", "state", "outcome", "value", "value_interval.low", "value_interval.high", "num_val"),
    *("recipe", "epochs", "best_epoch", "seconds"),
)
OUTCOME_COLUMNS = ("ended", "hours", "trial", "outcome", "best")  # before a count each outcome
_INTERVALS = ("interval", "value_interval")
_OPEN = ("params", "names", "metrics")  # a column for each of their entries


@dataclass(frozen=True)
class TypedTable:
    """Rows of plain values under named columns; a missing one is None whatever the type of its column."""

    columns: tuple[str, ...]
    types: tuple[ColumnType, ...]
    rows: tuple[tuple[Any, ...], ...]


def typed(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> TypedTable:
    """A table whose columns are numbers, booleans or texts: what is of several kinds, or of another, is YAML.

    What is not a finite number is None.
    """
    kept = [[finite(value) for value in row] for row in rows]
    types = tuple(_type_of([row[place] for row in kept]) for place in range(len(columns)))
    told = [tuple(_as(kind, value) for kind, value in zip(types, row, strict=True)) for row in kept]
    return TypedTable(tuple(columns), types, tuple(told))


def leaderboard_table(board: Leaderboard) -> TypedTable:
    """The trials of `ferray leaderboard --json` in its order, a row each: what ranks first, all else behind it.

    Parameters, names and metrics have a column each (`params.optimizer.lr`), intervals one an end; other containers are
    JSON.
    """
    rows = [_flat(entry) for entry in board.entries()]
    names = dict.fromkeys(name for row in rows for name in row)
    behind = sorted(names, key=lambda name: (not name.startswith(("params.", "names.")), name.startswith("metrics.")))
    columns = [name for name in _FIRST if name in names] + [name for name in behind if name not in _FIRST]
    return typed(columns, ([row.get(name) for name in columns] for row in rows))


def outcomes_table(board: Leaderboard) -> TypedTable:
    """How many trials had ended in each way as the sweep went on, and the best complete value by then.

    A row for each end, in the order of ends. `hours` is since the start of the first to end, None where the record has
    no times.
    """
    trials = sorted((trial for trial in board.trials if trial.state not in ("running", "waiting")), key=_when)
    start = next((trial.ended - trial.seconds for trial in trials if trial.ended is not None), None)
    places = {trial.number: place for place, trial in enumerate(board.complete)}
    counts = dict.fromkeys((trial.outcome for trial in trials), 0)
    best: TrialRecord | None = None
    rows: list[list[Any]] = []
    for trial in trials:
        counts[trial.outcome] += 1
        if trial.number in places and (best is None or places[trial.number] < places[best.number]):
            best = trial
        hours = (trial.ended - start) / 3600 if trial.ended is not None and start is not None else None
        value = best.value if best is not None else None
        rows.append([len(rows) + 1, hours, trial.number, trial.outcome, value, *counts.values()])
    return typed([*OUTCOME_COLUMNS, *counts], rows)


def outcome_series(outcomes: TypedTable) -> TypedTable:
    """The counts of `outcomes_table` as lines: `ended`, which outcome, and how many trials had it by then."""
    first = len(OUTCOME_COLUMNS)
    names = outcomes.columns[first:]
    rows = ((row[0], name, count) for row in outcomes.rows for name, count in zip(names, row[first:], strict=True))
    return typed(["ended", "outcome", "trials"], rows)


def failures_table(board: Leaderboard) -> TypedTable:
    """Trials that failed, diverged or were interrupted, with the reason and the sentence that the record has."""
    trials = (*board.failed, *board.diverged, *board.interrupted)
    rows = ([t.number, t.outcome, t.reason, t.message, t.epochs, t.superseded_by, t.recipe] for t in trials)
    return typed(["trial", "outcome", "reason", "message", "epochs", "asked_again_as", "recipe"], rows)


def held_out_table(answers: Iterable[HeldOut]) -> TypedTable:
    """What trials score on the test split, a row each score, with n, the 95 % interval and how that was made.

    `ended` of `asked` trials of the sweep had ended when the split was read.
    """
    rows = []
    for answer in answers:
        for metric in METRICS:
            value = answer.metrics.get(f"test/{metric}")
            if value is not None:
                found = answer.estimate(metric)
                low, high = found.interval or (None, None)
                told = [found.n, found.method, answer.epoch, answer.num_ended, answer.num_asked]
                rows.append([answer.trial, answer.recipe, f"test/{metric}", value, low, high, *told])
    return typed(["trial", "recipe", "metric", "value", "low", "high", "n", "method", "epoch", "ended", "asked"], rows)


def confirmation_table(confirmation: Confirmation) -> TypedTable:
    """The finalists over their seeds, with n, the 95 % interval of the mean, and what they were chosen by."""
    columns = ["finalist", "trial", "recipe", "metric", "seeds", "mean", "sd", "low", "high", "n", "lost", "validation"]
    rows = []
    for row in confirmation.rows:
        low, high = row.interval or (None, None)
        told = [row.name, row.trial, row.recipe, f"{confirmation.split}/{confirmation.metric}", len(row.seeds)]
        rows.append([*told, row.mean, row.sd, low, high, row.n, row.num_lost, row.validation])
    return typed(columns, rows)


def pairs_table(confirmation: Confirmation) -> TypedTable:
    """Every two finalists: the difference over equal seeds and images, its interval, p, and p after Holm."""
    rows = []
    for pair in confirmation.pairs:
        low, high = pair.interval or (None, None)
        told = [pair.first, pair.second, pair.seeds, pair.difference, low, high]
        rows.append([*told, pair.p, pair.holm_p, pair.verdict])
    return typed(["first", "second", "seeds", "difference", "low", "high", "p", "holm_p", "verdict"], rows)


def importance_table(found: Importances) -> TypedTable:
    """How much each searched parameter had to do with the score, by each of Optuna's evaluators, the largest first."""
    rows = [[name, share, one.evaluator, one.n] for one in found.by_evaluator for name, share in one.shares.items()]
    return typed(["parameter", "share", "evaluator", "n"], rows)


def _when(trial: TrialRecord) -> tuple[float, int]:
    """Ends in their order; where a record has no times, trials in theirs."""
    return (math.inf if trial.ended is None else trial.ended, trial.number)


def _flat(entry: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in entry.items():
        if key in _OPEN:
            flat |= {f"{key}.{name}": inner for name, inner in value.items()}
        elif key in _INTERVALS:
            flat |= dict(zip((f"{key}.low", f"{key}.high"), value or (None, None), strict=True))
        else:
            flat[key] = json.dumps(value) if isinstance(value, list | dict) else value
    return flat


def _type_of(values: Iterable[Any]) -> ColumnType:
    """The type that a column of these has; of nothing but None, text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return bool
    return float if kinds and kinds <= {int, float} else str


def _as(kind: ColumnType, value: Any) -> Any:
    return exact(value) if kind is str and value is not None and not isinstance(value, str) else value
