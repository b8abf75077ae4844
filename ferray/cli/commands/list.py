"""`ferray list`: what there is to choose from."""

from __future__ import annotations

from typing import Annotated

import typer

from ferray.apps.components import KINDS, list_kind
from ferray.cli import arguments, completion
from ferray.cli.terminal.output import print_json, show
from ferray.text.commands import as_called


def list_components(
    what: Annotated[
        str | None,
        typer.Argument(
            help=f"{', '.join(KINDS)}; without one, what each of these is.",
            show_default=False,
            autocompletion=completion.words(*KINDS),
        ),
    ] = None,
    json: arguments.Json = False,
) -> None:
    """List the components of a kind, one a line with what it does, or the search spaces; without a kind, the kinds."""
    rows = KINDS if what is None else list_kind(what)
    if json:
        print_json([{"name": name, "summary": summary} for name, summary in rows.items()])
        return
    width = max(map(len, rows), default=0)
    for name, summary in rows.items():
        show(as_called(f"{name:<{width}}  {summary}".rstrip()), indent=" " * (width + 2))
