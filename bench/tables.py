"""The tables of docs/benchmarks.md that `make bench` writes: a row a run, each figure beside the one before it.

A table stands between `<!-- bench: NAME -->` and `<!-- end -->`; all else on the page is written by hand and stays. A
cell is the figure's ratio to its floor, or its value where it has none, and in brackets what that is of the last row
of the same kind of machine: `1.08 (x0.97)`. A figure that breaks its promise is bold.
"""

from __future__ import annotations

import re
from typing import Any

from bench.record import Record

ROWS_KEPT = 6  # of one kind of machine
FIXED = ("run", "commit", "machine", "load")
Table = list[list[str]]


def with_rows(page: str, record: Record) -> str:
    """The page with a row more in the table of this record's benchmark; ValueError where the page has none."""
    start, end = f"<!-- bench: {record['benchmark']} -->\n", "<!-- end -->"
    before, found, rest = page.partition(start)
    if not found:
        raise ValueError(f"the page has no `{start.strip()}`")
    old, _, after = rest.partition(end)
    return before + start + written(added(parsed(old), record), record) + end + after


def added(table: Table, record: Record) -> Table:
    """The table, head first, with the record's row and no more than are kept of one machine."""
    head, rows = (table[0], table[1:]) if table else ([*FIXED], [])
    names = [name for name in record["figures"] if name not in head]
    head, rows = [*head, *names], [[*row, *[""] * len(names)] for row in rows]
    machine = record["environment"]["machine"]
    alike = [row for row in rows if row[head.index("machine")] == machine]
    last = dict(zip(head, alike[-1], strict=True)) if alike else {}
    fixed = {
        "run": record["began"][:10],
        "commit": record["environment"]["commit"],
        "machine": machine,
        "load": f"{record['load']['before']:.1f}",
    }
    cells = {name: cell(figure, last.get(name, "")) for name, figure in record["figures"].items()}
    new = [{**fixed, **cells}.get(name, "") for name in head]
    gone = alike[: max(0, len(alike) + 1 - ROWS_KEPT)]
    return [head, *(row for row in rows if row not in gone), new]


def cell(figure: dict[str, Any], last: str) -> str:
    """The figure as a row has it, beside the cell before it."""
    number = float(figure.get("ratio", figure["value"]))
    before = number_in(last)
    said = f"{number:.3g}"
    told = f"**{said}**" if figure.get("met") is False else said
    return f"{told} (x{number / before:.2f})" if before else told


def number_in(cell: str) -> float | None:
    """The figure of a cell, None for an empty one."""
    found = re.match(r"[*]*(-?[\d.]+(?:e[+-]?\d+)?)", cell)
    return float(found[1]) if found else None


def parsed(text: str) -> Table:
    """Head and rows of a table in Markdown, [] where there is none."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[part.strip() for part in line.strip("|").split("|")] for line in lines]
    return cells[:1] + cells[2:]


def written(table: Table, record: Record) -> str:
    """The table in Markdown, and a line that says what its figures are."""
    head, *rows = table
    lines = [head, ["---"] * len(head), *rows]
    drawn = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    meanings = "; ".join(f"`{name}`: {meaning(figure)}" for name, figure in record["figures"].items())
    return f"\n{drawn}\n\n{meanings}.\n\n"


def meaning(figure: dict[str, Any]) -> str:
    """What the number of a cell is, its unit, and what is promised of it."""
    unit = figure["unit"]
    said = f"{unit}, over its floor of {figure['floor']:.3g}" if "ratio" in figure else unit
    bounds = [f"at most {figure['at_most']:.3g}"] if "at_most" in figure else []
    bounds += [f"at least {figure['at_least']:.3g}"] if "at_least" in figure else []
    return ", ".join([said, *bounds])
