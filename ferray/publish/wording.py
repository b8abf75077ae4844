"""What the saved view and the report say in words, as Markdown; what others have written into a sweep stays text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ferray.publish.contents import TEST, SweepContents
from ferray.results.confirmation_text import p_text, reach
from ferray.results.finalists import Finalist, Pair
from ferray.text.counting import counted
from ferray.text.sanitize import on_one_line

MOST_ROWS = 10
NO_OPTIMISM = "With so few complete trials nothing can be said of what luck has to do with it."
READING = (
    "±, \\[–\\]: 95 % for one model on n validation images; beside a rank the ranks that the trial may truly have. "
    "Choosing the best of many adds optimism, see below."
)
_MARKUP = re.compile(r"([\\`*_<>#|~$]|(?<=\])\()")  # also what makes a link of brackets


def plain(text: object) -> str:
    """A text that Markdown shows as it is, on one line."""
    return _MARKUP.sub(r"\\\1", on_one_line(str(text)))


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of plain cells."""
    lines = [columns, ["---"] * len(columns)]
    cells = [[plain(cell) for cell in line] for line in (columns, *rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in (cells[0], lines[1], *cells[1:]))


def leaderboard_rows(shown: SweepContents) -> str:
    """The first of the ranking, as `ferray leaderboard` prints it: every score with its n and interval."""
    board = shown.board
    if not board.complete:
        return "No trial is complete, so nothing is ranked."
    told = markdown_table(board.columns, board.rows[:MOST_ROWS])
    more = len(board.rows) - MOST_ROWS
    return f"{told}\n\n{more} more complete trials are in the table `leaderboard`." if more > 0 else told


def pruned_line(shown: SweepContents) -> str:
    """Why pruned trials stand apart, and which of them had scored higher than the best complete one."""
    board = shown.board
    line = (
        f"{counted(len(board.pruned), 'trial was', 'trials were')} pruned. With fewer epochs than complete ones had, "
        "the best value so far, `score_so_far`, gives no rank among these."
    )
    above = ", ".join(str(trial.number) for trial in board.pruned_above_best)
    return f"{line} Above the best complete trial when they were stopped: {above}." if above else line


def introduction(shown: SweepContents) -> list[str]:
    """What is looked at, what leads, what luck has to do with it, and how far it was confirmed; a paragraph each."""
    return [summary(shown), *luck(shown), *confirmed(shown)]


def summary(shown: SweepContents) -> str:
    """What the page of `ferray report` begins with."""
    return plain(" ".join(shown.page.summary))


def commands(shown: SweepContents) -> list[str]:
    """The commands by which the sweep was run, where it remembers them."""
    environment = shown.page.environment
    return [f"`{on_one_line(line)}`" for line in environment.commands if "`" not in line] if environment else []


def luck(shown: SweepContents) -> list[str]:
    """What choosing the best of so many did to its score, or why that is not known."""
    return [plain(line) for line in shown.optimism] or [NO_OPTIMISM]


def confirmed(shown: SweepContents) -> list[str]:
    """What retraining the finalists found, or how to do so."""
    record = shown.board.record
    if shown.confirmation is None:
        return [f"No finalist has been trained again with fresh seeds: `{record.command('confirm')}` does."]
    return [plain(shown.confirmation.sentence)]


def finalist_rows(shown: SweepContents) -> str:
    """The finalists over their seeds, "" where there are none."""
    found = shown.confirmation
    if found is None:
        return ""
    columns = (
        "finalist",
        "recipe",
        "seeds",
        "n",
        f"mean {found.split}/{found.metric}",
        "sd",
        "95 % interval",
        "chosen by",
    )
    return markdown_table(columns, map(_finalist, found.rows))


def _finalist(row: Finalist) -> list[str]:
    sd, chosen = (_number(value) for value in (row.sd, row.validation))
    return [row.name, row.recipe, str(len(row.seeds)), str(row.n), _number(row.mean), sd, reach(row.interval), chosen]


def pair_rows(shown: SweepContents) -> str:
    """Every two finalists, "" where there are none."""
    found = shown.confirmation
    if found is None or not found.pairs:
        return ""
    columns = ("first", "second", "seeds", "difference", "95 % interval", "p after Holm", "the first is")
    return markdown_table(columns, map(_pair, found.pairs))


def _pair(pair: Pair) -> list[str]:
    p = "-" if pair.holm_p is None else p_text(pair.holm_p).removeprefix("= ")
    difference = f"{pair.difference:+.3f}"
    return [pair.first, pair.second, str(pair.seeds), difference, reach(pair.interval), p, pair.verdict]


def test_rows(shown: SweepContents) -> str:
    """What the test split said, "" where nobody has asked it."""
    found = shown.tables.get(TEST)
    if found is None:
        return ""
    names = ("trial", "metric", "value", "low", "high", "n", "method")
    places = [found.columns.index(name) for name in names]
    cells = ([row[place] for place in places] for row in found.rows)
    return markdown_table(names, ([_cell(value) for value in row] for row in cells))


def _cell(value: object) -> str:
    return _number(value) if isinstance(value, float) or value is None else str(value)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
