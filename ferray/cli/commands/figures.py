"""`ferray figures`: every picture of a sweep that its record and histories allow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ferray.cli import arguments
from ferray.cli.terminal.listeners import Lines
from ferray.cli.terminal.output import print_json, say, show_text
from ferray.text.commands import shortest_path


def figures(
    name: arguments.Sweep,
    trial: Annotated[
        list[int] | None,
        typer.Option(
            "--trial", min=0, help="A trial by its number, may be repeated; else all arms, or the best trial."
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", help="Folder for the files; else `figures/` in the sweep's, or `figures/trial-17/`."),
    ] = None,
    data_root: arguments.DataRoot = None,
    output: arguments.Output = Path("runs"),
    storage: arguments.Storage = None,
    json: arguments.Json = False,
) -> None:
    """Draw curves, class counts, losses, confusion matrices, recalls and folds, each as PNG and SVG."""
    from ferray.apps.options import place_of, runtime_from

    listener = Lines()
    place, asked = place_of(name, dict(locals()), listener)
    from ferray.study.history import load_sweep

    record = load_sweep(place.folder, storage)
    say(f"drawing what `{record.name}` has measured")
    from ferray.apps.figures import draw_figures, remarks

    album = draw_figures(record, place.folder, to, runtime_from(asked), trial or (), listener=listener)
    if json:
        print_json({"sweep": record.name, "files": [str(path) for path in album.files]})
    else:
        show_text("".join(f"{shortest_path(path)}\n" for path in album.files))
    for line in remarks(album):
        say(line)
