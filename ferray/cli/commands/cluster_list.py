"""`ferray cluster list`: the kinds of clusters that there are files for, and what may be set of one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ferray.cli import arguments, completion
from ferray.cli.terminal.output import print_json, show


def list_kinds(
    kind: Annotated[
        str | None,
        typer.Argument(help="With one, what may be set of it.", show_default=False, autocompletion=completion.clusters),
    ] = None,
    json: arguments.Json = False,
) -> None:
    """List the kinds of clusters, a line each; of one kind what `render` may set: default, values, and what it is."""
    from ferray.cluster.kinds import kind_called
    from ferray.config.keys import keys_of
    from ferray.text.commands import as_called

    if kind is None:
        _list(json=json)
        return
    found = kind_called(kind)
    keys = keys_of(found.settings, found.name)
    if json:
        print_json([asdict(key) for key in keys])
        return
    for key in keys:
        show(as_called(f"{key.name} = {key.default}  {key.values}. {key.summary}"), indent="    ")


def _list(*, json: bool) -> None:
    from ferray.cluster.kinds import KINDS

    if json:
        print_json([{"name": kind.name, "summary": kind.summary, "files": list(kind.files)} for kind in KINDS.values()])
        return
    width = max(map(len, KINDS))
    for kind in KINDS.values():
        show(f"{kind.name:<{width}}  {kind.summary}", indent=" " * (width + 2))
