"""Tables on stdout in which no word is broken: what does not fit side by side follows below, by name."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ferray.cli.terminal.wrapping import folded, wrapped
from ferray.text.sanitize import on_one_line

GAP = "  "
WIDEST_INDENT = 8
Row = Sequence[str]


def print_table(
    out: Console, columns: Row, rows: Sequence[Row], *, right: Sequence[str] = (), total: Sequence[str] = ()
) -> None:
    """Rows under their names, those of `right` to the right; `total` is the last row, under a line."""
    every = [*rows, total] if total else rows
    if fits(columns, every, out.width):
        out.print(_side_by_side(columns, rows, right, total))
        return
    for line in ("", *narrow_lines(columns, every, out.width, right=right), ""):
        print_line(out, line)


def print_line(out: Console, line: str, style: str = "") -> None:
    """A line, on a terminal folded between words."""
    # Text, so that brackets in names and messages are not read as markup; soft, so that paths can be copied.
    text = wrapped(on_one_line(line), out.width if out.is_terminal else None, indent="  ")
    out.print(Text(text, style=style), soft_wrap=True)


def fits(columns: Row, rows: Sequence[Row], width: int) -> bool:
    """Whether all columns stand side by side in so many."""
    return sum(_widths([columns, *rows])) + len(GAP) * (len(columns) + 1) <= width


def narrow_lines(
    columns: Row, rows: Sequence[Row], width: int, *, right: Sequence[str] = (), below: Sequence[str] = ()
) -> list[str]:
    """The columns that there is room for; under each row its other cells by their names, and its text of `below`."""
    cells = [[on_one_line(cell) for cell in row] for row in (columns, *rows)]
    widths = _widths(cells)
    fitting = _num_fitting(widths, width)
    header, *figures = (_justified(row[:fitting], widths, columns, right) for row in cells)
    indent, lines = " " * min(widths[0] + len(GAP) if fitting > 1 else len(GAP), WIDEST_INDENT), [header]
    for figure, row, more in itertools.zip_longest(figures, cells[1:], below[: len(rows)], fillvalue=""):
        named = [f"{name} {cell}" for name, cell in zip(columns[fitting:], row[fitting:], strict=True) if cell]
        room = width - len(indent)
        parts = folded([part for part in (*named, on_one_line(str(more))) if part], room)
        lines += [str(figure), *(f"{indent}{line}" for part in parts for line in wrapped(part, room).split("\n"))]
    return lines


def _side_by_side(columns: Row, rows: Sequence[Row], right: Sequence[str], total: Row) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", show_footer=bool(total)
    )
    for name, last in itertools.zip_longest(columns, total, fillvalue=""):
        table.add_column(Text(name), Text(last), justify="right" if name in right else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(on_one_line(cell)) for cell in row))
    return table


def _widths(rows: Sequence[Row]) -> list[int]:
    return [max(map(cell_len, cells)) for cells in zip(*rows, strict=True)]


def _num_fitting(widths: Sequence[int], width: int) -> int:
    """How many of the first columns fit side by side."""
    ends = itertools.accumulate(size + len(GAP) for size in widths)
    return max(1, sum(end - len(GAP) <= width for end in ends))


def _justified(row: Row, widths: Sequence[int], columns: Row, right: Sequence[str]) -> str:
    padded = []
    for name, cell, size in zip(columns, row, widths, strict=False):
        space = " " * (size - cell_len(cell))
        padded.append(f"{space}{cell}" if name in right else f"{cell}{space}")
    return GAP.join(padded).rstrip()
