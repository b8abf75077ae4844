"""`ferray rm`: one sweep removed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ferray.cli import arguments
from ferray.cli.terminal.output import print_json, say
from ferray.errors import ConfigError
from ferray.text.counting import gibibytes

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def rm(
    name: arguments.Sweep,
    yes: Yes = False,
    output: arguments.Output = Path("runs"),
    storage: arguments.Storage = None,
    json: arguments.Json = False,
) -> None:
    """Delete a sweep: its folder, its trials' files, and its study where that lies in a database.

    It asks first. One that is being run is refused, and without a question also one that another sweep begins with or
    comes after. Its confirmation and its runs in W&B stay.
    """
    from ferray.apps.removal import plan_removal, remove

    removal = plan_removal(name, output, storage)
    for line in removal.sentences():
        say(line)
    if yes and removal.needed_by:
        others = ", ".join(f"`{other}`" for other in removal.needed_by)
        raise ConfigError(f"`{removal.name}` is needed by {others}", "remove those first, or answer without `--yes`")
    if not yes and not _is_wanted(removal.name):
        say(f"`{removal.name}` stays")
        return
    remove(removal)
    if json:
        print_json(removal.to_json())
    say(f"removed `{removal.name}`: {gibibytes(removal.held)}")


def _is_wanted(name: str) -> bool:
    if not sys.stdin.isatty():
        raise ConfigError(f"nobody is there to be asked whether `{name}` should go", "pass `--yes`")
    return typer.confirm(f"remove {name}?", err=True)
