"""`ferray report`: a sweep as one HTML page that needs no network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ferray.cli import arguments
from ferray.cli.terminal.listeners import Lines
from ferray.cli.terminal.output import print_json, say, show_text
from ferray.errors import ConfigError
from ferray.text.commands import shortest_path
from ferray.text.counting import counted, gibibytes


def report(
    name: arguments.Sweep,
    to: Annotated[
        Path | None, typer.Option("--to", help="File for the page; else `report.html` in the sweep's folder.")
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Show it in this machine's browser.")] = False,
    data_root: arguments.DataRoot = None,
    output: arguments.Output = Path("runs"),
    storage: arguments.Storage = None,
    json: arguments.Json = False,
) -> None:
    """Write a sweep as one HTML page: leaderboard, curves, parameters, removed samples, cost; also while it runs."""
    from ferray.apps.options import place_of, runtime_from

    if output.suffix in (".html", ".htm"):
        raise ConfigError(f"`--output {output}` is no folder of sweeps", f"the page goes to `--to {output}`")
    place, asked = place_of(name, dict(locals()), Lines())
    from ferray.study.history import load_sweep

    record = load_sweep(place.folder, storage)
    say(f"writing the page of `{record.name}`: {counted(len(record.trials), 'trial')}")
    from ferray.apps.report import make_report, show_in_browser

    made = make_report(record, place.folder, to, runtime_from(asked))
    if json:
        print_json(made.to_json())
    else:
        show_text(f"{shortest_path(made.file)}\n")
        say(f"{gibibytes(made.num_bytes)}; it asks nothing of any network")
    if open_it and not show_in_browser(made.file):
        say(f"this machine has no browser that can be started: open `{shortest_path(made.file)}` in yours")
