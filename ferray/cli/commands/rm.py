"""`ferray rm`: one sweep removed."""

from __future__ import annotations

from pathlib import Path

from ferray.cli import arguments
from ferray.cli.terminal.output import print_json, say
from ferray.cli.terminal.question import Yes, is_wanted
from ferray.errors import ConfigError
from ferray.text.counting import gibibytes


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
    if not yes and not is_wanted(f"remove {removal.name}?", f"whether `{removal.name}` should go"):
        say(f"`{removal.name}` stays")
        return
    remove(removal)
    if json:
        print_json(removal.to_json())
    say(f"removed `{removal.name}`: {gibibytes(removal.held)}")
