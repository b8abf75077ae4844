"""`ferray trials`: every trial of a sweep and how it ended."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ferray.cli import options
from ferray.cli.output import print_json, show
from ferray.commands import shortest_path
from ferray.config.place import find_sweep


def trials(
    name: options.Sweep,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only those that failed or lost their worker, by reason.")
    ] = False,
    output: options.Output = Path("runs"),
    storage: options.Storage = None,
    json: options.Json = False,
) -> None:
    """List a sweep's trials in order: number, outcome, value, epochs, reason, and for a failure where to look."""
    place = find_sweep(name, output, storage)
    from ferray.results.export import entry
    from ferray.results.progress import with_progress
    from ferray.study.history import load_sweep

    record = with_progress(load_sweep(place.folder, storage), place.folder)
    shown = [trial for trial in record.trials if not failed or trial.state == "failed" or trial.reason]
    if failed:
        shown.sort(key=lambda trial: (trial.reason or trial.outcome, trial.number))
    if json:
        print_json([entry(trial, record.metric) for trial in shown])
        return
    for trial in shown:
        value = "" if trial.value is None else f"{trial.value:.3f}"
        folder = shortest_path(place.folder / trial.folder)
        where = trial.error_file or folder if trial.state == "failed" or trial.reason else ""
        said = ": ".join(text for text in (trial.reason, trial.message) if text)
        again = f"asked again as {trial.superseded_by}" if trial.superseded_by is not None else ""
        epochs = f"{trial.epochs}/{trial.epochs_asked}"
        fields = [f"{trial.number:>5}", f"{trial.outcome:<11}", f"{value:<6}", f"{epochs:<6}", said, again, where]
        show("  ".join(field for field in fields if field.strip()), indent=" " * 7)
