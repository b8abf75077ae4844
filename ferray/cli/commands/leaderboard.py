"""`ferray leaderboard`: the ranking, from the store alone."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ferray.cli import arguments
from ferray.cli.terminal.output import on_terminal, print_json, show_text
from ferray.cli.terminal.trial_lines import trial_line
from ferray.config.place import find_sweep


def leaderboard(
    name: arguments.Sweep,
    output: arguments.Output = Path("runs"),
    storage: arguments.Storage = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Show only the first so many.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print one line of CSV a trial to stdout.")] = False,
    watch: arguments.Watch = False,
    json: arguments.Json = False,
) -> None:
    """Rank the trials of a sweep; works while it runs and without a network."""
    place = find_sweep(name, output, storage)
    if watch:
        arguments.refuse_with_watch(json=json, csv=csv)
        _watch(place.folder, storage, limit)
        return
    from ferray.results.leaderboard import rank
    from ferray.results.progress import with_progress
    from ferray.study.garbage_collection import no_collection
    from ferray.study.history import load_sweep

    with no_collection():
        board = rank(with_progress(load_sweep(place.folder, storage), place.folder))
        if json:
            print_json(board.to_json(limit))
        elif csv:
            show_text(board.to_csv(limit))
        else:
            from ferray.cli.terminal.tables import print_leaderboard

            print_leaderboard(board, place.folder, limit=limit)


def _watch(folder: Path, storage: str | None, limit: int | None) -> None:
    """The ranking while the sweep goes on, and at its end as without `--watch`."""
    from ferray.cli.terminal.tables import print_leaderboard
    from ferray.cli.terminal.views import LinesView, RankingView
    from ferray.cli.terminal.watching import conclude, watch
    from ferray.results.leaderboard import rank

    on_screen = on_terminal(sys.stdout)
    record = watch(folder, storage, RankingView(limit) if on_screen else LinesView(partial(trial_line, folder=folder)))
    print_leaderboard(rank(record), folder, limit=limit)
    conclude(record, folder)
