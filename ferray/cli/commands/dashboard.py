"""`ferray dashboard`: a sweep in optuna-dashboard, on this machine alone."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from ferray.cli import arguments
from ferray.cli.terminal.output import say, show
from ferray.config.place import find_sweep


def dashboard(
    name: arguments.Sweep,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port of the loopback; 0 for any free one.")
    ] = 8080,
    open_it: Annotated[bool, typer.Option("--open", help="Show it in this machine's browser.")] = False,
    output: arguments.Output = Path("runs"),
    storage: arguments.Storage = None,
) -> None:
    """Show a sweep in optuna-dashboard until Ctrl-C, also while it runs: on the loopback, and read-only."""
    place = find_sweep(name, output, storage)
    from ferray.apps.dashboard import open_dashboard, refuse_missing

    refuse_missing()
    opened = open_dashboard(place.folder, storage, port)
    show(opened.url)
    say(f"showing `{place.folder.name}` to this machine alone; nothing is written to its store. Ctrl-C ends it")
    if open_it and not webbrowser.open(opened.url):
        say("this machine has no browser that can be started: open the address in yours")
    opened.serve()
    say("the dashboard has ended; the sweep is as it was")
