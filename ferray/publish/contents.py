"""What a sweep has to show as a whole: its board, the tables of its own run, and what is said of them in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ferray.artifacts.sweep import SweepArtifacts
from ferray.publish.run_keys import RunKeys, keys_of_trials
from ferray.publish.typed_tables import (
    TypedTable,
    confirmation_table,
    failures_table,
    held_out_table,
    importance_table,
    leaderboard_table,
    outcomes_table,
    pairs_table,
)
from ferray.reports.contents import Contents, contents_of
from ferray.results.confirmation import Confirmation, read_confirmation
from ferray.results.held_out import HeldOut, read_held_out
from ferray.results.leaderboard import Leaderboard
from ferray.results.selection import selection_effects
from ferray.results.sweep import Sweep
from ferray.results.trial_intervals import value_interval

LEADERBOARD, OUTCOMES, FAILURES, TEST = "leaderboard", "outcomes", "failures", "test"
CONFIRMATION, PAIRS, IMPORTANCE = "confirmation", "confirmation_pairs", "importance"
OVER_TIME = "outcomes_over_time"  # a chart; wandb keeps its table under the name of `OVER_TIME_TABLE`
OVER_TIME_TABLE = f"{OVER_TIME}_table"
OVER_TIME_TITLE = "trials by how they ended"
LINES, LINE_FIELDS = "wandb/lineseries/v0", {"step": "ended", "lineKey": "outcome", "lineVal": "trials"}
PAGE = "report"  # the page that `ferray report` writes


@dataclass(frozen=True)
class SweepContents:
    """A sweep as W&B is to show it: the `page` that `ferray report` makes of it, and what W&B shows beside.

    `identity` is what no other sweep has. `tables` are those of the sweep's own run by their keys there, none of them
    empty; `keys` those of all its runs. `optimism` says what the best of so many trials is worth by chance.
    """

    page: Contents
    identity: str
    tables: Mapping[str, TypedTable]
    keys: RunKeys
    confirmation: Confirmation | None = None
    optimism: tuple[str, ...] = ()

    @property
    def board(self) -> Leaderboard:
        """The ranking."""
        return self.page.board

    @property
    def name(self) -> str:
        """The sweep's."""
        return self.board.sweep

    @property
    def folder(self) -> Path:
        """The sweep's own."""
        return self.page.sweep.folder


def gather(sweep: Sweep, identity: str) -> SweepContents:
    """All that a sweep has to show; DataError where a file of its results is damaged."""
    page, folder = contents_of(sweep, datetime.now(UTC), None), sweep.folder
    board, confirmation = page.board, read_confirmation(folder)
    tables = {
        LEADERBOARD: leaderboard_table(board),
        OUTCOMES: outcomes_table(board),
        FAILURES: failures_table(board),
        IMPORTANCE: importance_table(page.importances),
        TEST: held_out_table(tuple(_held_out(board, folder))),
        **({} if confirmation is None else confirmation_tables(confirmation)),
    }
    tables = {key: table for key, table in tables.items() if table.rows}
    own = {*tables, *sweep_summary(board), *([OVER_TIME_TABLE] if OUTCOMES in tables else [])}
    return SweepContents(
        page=page,
        identity=identity,
        tables=tables,
        keys=keys_of_trials(board, folder).with_summary(own),
        confirmation=confirmation,
        optimism=tuple(selection_effects(board).sentences()),
    )


def confirmation_tables(confirmation: Confirmation) -> dict[str, TypedTable]:
    """Finalists over their seeds, and every two of them."""
    return {CONFIRMATION: confirmation_table(confirmation), PAIRS: pairs_table(confirmation)}


def sweep_summary(board: Leaderboard) -> dict[str, Any]:
    """Flat values of the sweep's own run, under other names than those of trials: it is none, and never ranked."""
    counts = {f"trials/{outcome}": count for outcome, count in board.outcomes.items()}
    best = board.best
    if best is None:
        return counts
    low, high = value_interval(best, board.metric) or (None, None)
    told = {"number": best.number, "score": best.value, "score_low": low, "score_high": high, "n_val": best.num_val}
    return {**counts, **{f"leader/{name}": value for name, value in told.items() if value is not None}}


def _held_out(board: Leaderboard, folder: Path) -> Iterable[HeldOut]:
    """What trials that were judged on the test split have said, in the order of the board; nothing is judged here."""
    artifacts = SweepArtifacts.of(folder)
    for trial in board.trials:
        answer = read_held_out(artifacts.trial(trial.folder)) if trial.folder else None
        if answer is not None:
            yield answer
