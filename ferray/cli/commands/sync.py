"""`ferray sync`: bring the runs of a sweep in W&B up to its record."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ferray.cli import arguments
from ferray.cli.terminal.listeners import Lines
from ferray.cli.terminal.output import print_json, say
from ferray.config.place import find_sweep
from ferray.errors import DataError

if TYPE_CHECKING:
    from ferray.publish.publishing import Published


def sync(
    name: arguments.Sweep,
    output: arguments.Output = Path("runs"),
    storage: arguments.Storage = None,
    wandb_entity: arguments.WandbEntity = None,
    wandb_project: arguments.WandbProject = None,
    json: arguments.Json = False,
) -> None:
    """Compare a sweep's runs in W&B with its record and add what they lack; running it again is harmless."""
    place = find_sweep(name, output, storage)
    if not any(place.folder.glob("wandb/*")):
        message = f"there are no W&B runs in `{place.folder / 'wandb'}`"
        raise DataError(message, "a sweep writes them unless it is run with another `--tracker`")
    from ferray.apps.sync import sync_sweep

    given = {"entity": wandb_entity, "project": wandb_project}
    synced = sync_sweep(place, Lines(), storage=storage, given=given)
    say(synced.sentence())
    if synced.running:
        say(f"note: {synced.running} of its trials are running and are left to whoever runs them")
    if synced.short:
        say(
            f"warning: the histories of trials {', '.join(map(str, synced.short))} lack epochs that their record counts"
        )
    if published := _publish_waiting(place.folder, storage, given):
        say(f"the run of the sweep itself was waiting in its folder: {published.run.url}")
    if json:
        print_json(synced.to_json())


def _publish_waiting(folder: Path, storage: str | None, given: Mapping[str, str | None]) -> Published | None:
    from ferray.apps.publish import publish_waiting
    from ferray.publish.options import PublishOptions

    return publish_waiting(folder, PublishOptions(given=given), Lines(), storage=storage)
