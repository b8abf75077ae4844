"""`ferray ls`: the sweeps of a folder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from ferray.cli import arguments
from ferray.cli.terminal.output import print_json, say
from ferray.config.output_address import address_of
from ferray.text.commands import command
from ferray.text.counting import gibibytes

if TYPE_CHECKING:
    from ferray.apps.overview import BestTrial, SweepLine

COLUMNS = ("sweep", "state", "trials", "best", "size", "changed")
RIGHT = ("trials", "size")


def ls(output: arguments.Output = Path("runs"), json: arguments.Json = False) -> None:
    """List the sweeps of a folder: state, trials, best value with its interval, size and when it was last written."""
    from ferray.apps.overview import list_sweeps

    lines = list_sweeps(output)
    if json:
        print_json([line.to_json() for line in lines])
    elif lines:
        _print(lines, time.time())
    if not lines:
        place = address_of(output) or output
        what = f"no sweep lies in `{place}`" if output.is_dir() else f"there is no folder `{place}`"
        say(f"{what}: start one, such as `{command('sweep demo')}`, or pass `--output`")


def _print(lines: list[SweepLine], now: float) -> None:
    from ferray.cli.terminal.output import show
    from ferray.cli.terminal.plain_table import print_table
    from ferray.cli.terminal.tables import stdout_console

    print_table(stdout_console(), COLUMNS, [_cells(line, now) for line in lines], right=RIGHT)
    for line in lines:
        if line.note:
            show(f"{line.name}: {line.note}")


def _cells(line: SweepLine, now: float) -> tuple[str, ...]:
    return (
        line.name,
        line.state,
        "-" if line.finished is None else f"{line.finished}/{line.asked}",
        _best(line.best, line.metric) if line.best else "-",
        "-" if line.held is None else gibibytes(line.held),
        "-" if line.changed is None else _ago(now - line.changed),
    )


def _best(best: BestTrial, metric: str) -> str:
    """`val/uar 0.434 [0.389–0.479] n=431 (trial 17)`."""
    value = "-" if best.value is None else f"{best.value:.3f}"
    reach = f" [{best.interval[0]:.3f}–{best.interval[1]:.3f}]" if best.interval else ""
    return f"{metric} {value}{reach} n={best.n} (trial {best.trial})"


def _ago(seconds: float) -> str:
    """A length of time in the largest unit that it has one of: `40 s ago`, `3 h ago`, `12 d ago`."""
    for length, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit} ago"
    return f"{max(0.0, seconds):.0f} s ago"
