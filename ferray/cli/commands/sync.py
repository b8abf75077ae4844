"""`ferray sync`: upload what W&B could not take while the sweep ran."""

from __future__ import annotations

from pathlib import Path

from ferray.cli import arguments
from ferray.cli.terminal.output import say
from ferray.config.place import find_sweep
from ferray.errors import DataError


def sync(name: arguments.Sweep, output: arguments.Output = Path("runs")) -> None:
    """Upload what W&B has not received of a sweep; needs a key and a network. Running it again is harmless."""
    place = find_sweep(name, output)
    written = [*place.folder.glob("wandb/run-*"), *place.folder.glob("wandb/offline-run-*")]
    if not written:
        message = f"there are no W&B runs in `{place.folder / 'wandb'}`"
        raise DataError(message, "a sweep writes them unless it is run with another `--tracker`")
    from ferray.track.wandb import upload

    if not upload(place.folder, say):
        say(f"nothing to upload: W&B has received the {len(written)} runs of `{place.folder.name}`")
