"""The leaderboard as a table on stdout; its data comes from `ferray.results.leaderboard`, nothing is computed here."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ferray.artifacts.address import shortest_address
from ferray.artifacts.sweep import SweepArtifacts
from ferray.cli.terminal.plain_table import fits, narrow_lines, print_line, print_table
from ferray.cli.terminal.rich_console import PlainConsole
from ferray.config.place import CONFIRMATION_NAME
from ferray.config.readable import params_line
from ferray.errors import DataError
from ferray.results.leaderboard import Leaderboard, value_text
from ferray.results.selection import selection_effects
from ferray.study.records import TrialRecord

NUM_FIXED = 6  # rank, trial, objective, accuracy, epoch, recipe
RIGHT = ("rank", "trial", "epoch")
NUM_LISTED = 5
PIPED_WIDTH = 120


def print_leaderboard(
    board: Leaderboard, folder: Path, *, limit: int | None = None, console: Console | None = None
) -> None:
    """Write the ranking to stdout: complete trials as a table, the others counted and briefly listed below.

    `folder` is the sweep's, for the path of the best checkpoint. Where the parameters do not fit as columns of
    their own, they follow on lines of their own. `limit` shows only the first so many trials and says
    how many it hides.
    """
    out = console or stdout_console()
    print_line(out, _title(board), style="bold")
    if board.complete:
        _print_ranking(board, out, board.rows[:limit])
    for line in [*_below_table(board, folder, limit), *_apart(board, folder), *_confirmed(folder), _footer(board)]:
        print_line(out, line)


def ranking_lines(board: Leaderboard, width: int, limit: int) -> list[str]:
    """The title and the first so many complete trials, as lines of text."""
    out = PlainConsole(file=io.StringIO(), width=width)
    print_line(out, _title(board))
    if board.complete:
        _print_ranking(board, out, board.rows[:limit])
    assert isinstance(out.file, io.StringIO)
    return [line.rstrip() for line in out.file.getvalue().splitlines() if line.strip()]


def stdout_console() -> Console:
    """Rich on stdout: as wide as the terminal, or `COLUMNS`, and wide enough for a line of figures into a pipe."""
    console = PlainConsole()
    if not console.is_terminal and not os.environ.get("COLUMNS"):
        console.width = PIPED_WIDTH
    return console


def _title(board: Leaderboard) -> str:
    return f"{board.sweep}: {board.metric}, {'highest' if board.mode == 'max' else 'lowest'} first"


def _print_ranking(board: Leaderboard, out: Console, rows: Sequence[tuple[str, ...]]) -> None:
    if fits(board.columns, rows, out.width):
        print_table(out, board.columns, rows, right=RIGHT)
        return
    varied = ({name: trial.told[name] for name in board.varying if name in trial.told} for trial in board.complete)
    figures = [row[:NUM_FIXED] for row in rows]
    for line in narrow_lines(
        board.columns[:NUM_FIXED], figures, out.width, right=RIGHT, below=[params_line(params) for params in varied]
    ):
        print_line(out, line)


def _below_table(board: Leaderboard, folder: Path, limit: int | None) -> list[str]:
    lines = []
    if limit is not None and len(board.complete) > limit:
        lines.append(f"{len(board.complete) - limit} more complete trials not shown")
    if board.common and len(board.complete) > 1:
        lines.append("the same in all: " + " ".join(f"{name}={value}" for name, value in board.common.items()))
    if board.complete:
        folded = any(trial.folds for trial in board.complete)
        of = "a mean over folds, which share training images" if folded else "one model on n validation images"
        lines.append(f"±, [–]: 95 % for {of}")
        lines += selection_effects(board).sentences()
    if board.best and board.best.freed:
        lines.append(f"the best checkpoint was not kept (`--keep {board.best.freed}`)")
    elif board.best and board.best.checkpoint:
        file = SweepArtifacts.of(folder).file(board.best.checkpoint)
        told = shortest_address(str(file))
        lines.append(f"best checkpoint: {told}" if file.exists() else f"the best checkpoint is gone: {told}")
    return lines


def _apart(board: Leaderboard, folder: Path) -> list[str]:
    return [
        *_listed("pruned", [_pruned_text(trial, board.metric) for trial in board.pruned]),
        *_listed(
            "pruned above the best complete trial", [_above_text(trial, folder) for trial in board.pruned_above_best]
        ),
        *_listed("diverged", [_ended_text(trial) for trial in board.diverged]),
        *_listed("running", [f"{trial.number} ({_progress_text(trial)})" for trial in board.running]),
        *_listed("waiting", [str(trial.number) for trial in board.waiting]),
        *_interrupted(board),
        *_listed("failed", [_ended_text(trial) for trial in board.failed]),
    ]


def _confirmed(folder: Path) -> list[str]:
    """What a confirmation of the finalists has found, where there is one."""
    if not (folder / CONFIRMATION_NAME).is_file():
        return []
    from ferray.results.confirmation import read_confirmation  # here, for it imports scipy

    try:
        found = read_confirmation(folder)
    except DataError as error:
        return [f"the confirmation cannot be read: {error.message}"]
    return [f"confirmed: {found.sentence}"] if found and found.trainings != folder.name else []


def _interrupted(board: Leaderboard) -> list[str]:
    """A line for each reason why trials were cut short."""
    reasons: dict[str, list[str]] = {}
    for trial in board.interrupted:
        again = f", asked again as {trial.superseded_by}" if trial.superseded_by is not None else ""
        reasons.setdefault(trial.message, []).append(f"{trial.number} ({_progress_text(trial)}{again})")
    return [
        line
        for message, texts in reasons.items()
        for line in _listed(f"interrupted, {message}" if message else "interrupted", texts)
    ]


def _listed(state: str, texts: list[str]) -> list[str]:
    if not texts:
        return []
    hidden = len(texts) - NUM_LISTED
    tail = [f"and {hidden} more"] if hidden > 0 else []
    return [f"{state}: " + "; ".join(texts[:NUM_LISTED] + tail)]


def _pruned_text(trial: TrialRecord, metric: str) -> str:
    return f"{trial.number} ({value_text(trial, metric)} after {trial.epochs}/{trial.epochs_asked})"


def _above_text(trial: TrialRecord, folder: Path) -> str:
    """Its number, and where its weights are that were kept since it led."""
    weights = SweepArtifacts.of(folder).trial(trial.folder).best_so_far
    return f"{trial.number} (weights: {shortest_address(str(weights))})" if weights.exists() else str(trial.number)


def _progress_text(trial: TrialRecord) -> str:
    value = f"{trial.value:.3f} " if trial.value is not None else ""
    return f"{value}after {trial.epochs}/{trial.epochs_asked} epochs"


def _ended_text(trial: TrialRecord) -> str:
    notes = [trial.message or f"after {trial.epochs}/{trial.epochs_asked} epochs"]
    if trial.error_file:
        notes.append(trial.error_file)
    return f"{trial.number} ({', '.join(notes)})"


def _footer(board: Leaderboard) -> str:
    if not board.trials:
        return "no trials yet"
    counts = ", ".join(f"{count} {ending}" for ending, count in board.endings.items())
    reasons = ", ".join(f"{count} {reason}" for reason, count in board.reasons.items())
    why = f" ({reasons}; see `{board.record.command('trials --failed')}`)" if reasons else ""
    num = len(board.trials)
    return f"{'1 trial' if num == 1 else f'{num} trials'}: {counts}{why}"
