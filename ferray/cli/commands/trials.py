"""`ferray trials`: every trial of a sweep and how it ended."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ferray.cli import arguments
from ferray.cli.terminal.output import on_terminal, print_json, say, show
from ferray.cli.terminal.trial_lines import INDENT, has_failed, trial_line
from ferray.config.place import find_sweep
from ferray.study.records import TrialRecord


def trials(
    name: arguments.Sweep,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only those that failed or lost their worker, by reason.")
    ] = False,
    output: arguments.Output = Path("runs"),
    storage: arguments.Storage = None,
    watch: arguments.Watch = False,
    json: arguments.Json = False,
) -> None:
    """List a sweep's trials in order: number, outcome, value, epochs, reason, and for a failure where to look."""
    place = find_sweep(name, output, storage)
    if watch:
        arguments.refuse_with_watch(json=json, csv=False)
        _watch(place.folder, storage, failed=failed)
        return
    from ferray.results.export import entry
    from ferray.results.progress import with_progress
    from ferray.study.history import load_sweep

    record = with_progress(load_sweep(place.folder, storage), place.folder)
    shown = [trial for trial in record.trials if not failed or has_failed(trial)]
    if failed:
        shown.sort(key=lambda trial: (trial.reason or trial.outcome, trial.number))
    if json:
        print_json([entry(trial, record.metric) for trial in shown])
        return
    for trial in shown:
        show(trial_line(trial, place.folder), INDENT)
    if not shown:
        say(f"no trial of `{record.name}` {'failed or lost its worker' if failed else 'has begun'}")


def _watch(folder: Path, storage: str | None, *, failed: bool) -> None:
    """A line for each trial that ends, those that have ended first."""
    from ferray.cli.terminal.views import LinesView, PictureView
    from ferray.cli.terminal.watching import conclude, watch

    def line(trial: TrialRecord) -> str:
        return trial_line(trial, folder) if has_failed(trial) or not failed else ""

    record = watch(folder, storage, PictureView(line) if on_terminal(sys.stdout) else LinesView(line))
    conclude(record, folder)
