"""The leaderboard as a table on stdout; its data comes from `ferray.results.leaderboard`, nothing is computed here."""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ferray.artifacts.address import shortest_address
from ferray.artifacts.sweep import SweepArtifacts
from ferray.cli.terminal.rich_console import PlainConsole
from ferray.cli.terminal.wrapping import wrapped
from ferray.config.place import CONFIRMATION_NAME
from ferray.config.readable import params_line
from ferray.errors import DataError
from ferray.results.leaderboard import Leaderboard, value_text
from ferray.results.selection import selection_effects
from ferray.study.records import TrialRecord
from ferray.text.sanitize import on_one_line

GAP = "  "
NUM_FIXED = 6  # rank, trial, objective, accuracy, epoch, recipe
RIGHT = (0, 1, 4)
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
    _say(out, _title(board), style="bold")
    if board.complete:
        _print_ranking(board, out, board.rows[:limit])
    for line in [*_below_table(board, folder, limit), *_apart(board, folder), *_confirmed(folder), _footer(board)]:
        _say(out, line)


def ranking_lines(board: Leaderboard, width: int, limit: int) -> list[str]:
    """The title and the first so many complete trials, as lines of text."""
    out = PlainConsole(file=io.StringIO(), width=width)
    _say(out, _title(board))
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


def plain_table(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> Table:
    """Rows under their names; those of `right` are numbers."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(on_one_line(cell)) for cell in row))
    return table


def _say(out: Console, line: str, style: str = "") -> None:
    # Text, so that brackets in names and messages are not read as markup; soft, so that paths can be copied.
    text = wrapped(on_one_line(line), out.width if out.is_terminal else None, indent="  ")
    out.print(Text(text, style=style), soft_wrap=True)


def _title(board: Leaderboard) -> str:
    return f"{board.sweep}: {board.metric}, {'highest' if board.mode == 'max' else 'lowest'} first"


def _print_ranking(board: Leaderboard, out: Console, rows: Sequence[tuple[str, ...]]) -> None:
    if _natural_width(board.columns, rows) <= out.width:
        out.print(_table(board, rows))
        return
    for line in _lines(board, out.width, rows):
        _say(out, line)


def _table(board: Leaderboard, rows: Sequence[tuple[str, ...]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for index, name in enumerate(board.columns):
        table.add_column(name, justify="right" if index in RIGHT else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(on_one_line(cell)) for cell in row))
    return table


def _lines(board: Leaderboard, width: int, rows: Sequence[tuple[str, ...]]) -> list[str]:
    """The narrow form: a line of the figures that there is room for, the others and the parameters below it."""
    fixed = [board.columns[:NUM_FIXED], *(row[:NUM_FIXED] for row in rows)]
    widths = [max(map(len, cells)) for cells in zip(*fixed, strict=True)]
    fitting = _num_fitting(widths, width)
    figures = [GAP.join(_justified(cells[:fitting], widths[:fitting])).rstrip() for cells in fixed]
    indent = " " * (widths[0] + len(GAP))
    lines = [figures[0]]
    for line, cells, trial in zip(figures[1:], fixed[1:], board.complete, strict=False):
        below = [f"{name} {cell}" for name, cell in zip(fixed[0][fitting:], cells[fitting:], strict=True)]
        params = params_line({name: trial.told[name] for name in board.varying if name in trial.told})
        text = wrapped(GAP.join([*below, params]).rstrip(), width - len(indent))
        lines += [line, *(f"{indent}{part}" for part in text.split("\n") if part)]
    return lines


def _num_fitting(widths: Sequence[int], width: int) -> int:
    """How many of the first columns fit side by side."""
    ends = list(itertools.accumulate(size + len(GAP) for size in widths))
    return max(1, sum(end - len(GAP) <= width for end in ends))


def _justified(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    sized = zip(cells, widths, strict=True)
    return [cell.rjust(size) if index in RIGHT else cell.ljust(size) for index, (cell, size) in enumerate(sized)]


def _natural_width(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    return sum(max(map(len, cells)) + len(GAP) for cells in zip(columns, *rows, strict=True)) + len(GAP)


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
