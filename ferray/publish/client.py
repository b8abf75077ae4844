"""W&B's client for as long as a sweep is published, and whether its server can be asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import wandb

from ferray.errors import ConfigError
from ferray.text.commands import script
from ferray.track.wandb_runs.client import leave
from ferray.track.wandb_runs.files import files_kept_in
from ferray.track.wandb_runs.mode import why_offline


@contextmanager
def client_of(folder: Path) -> Iterator[str]:
    """Why nothing can be asked of W&B, "" where it can; its files lie in the sweep's `folder`, its service ends here.

    ConfigError where W&B is switched off.
    """
    (folder / "wandb").mkdir(exist_ok=True)  # or wandb goes elsewhere without a word
    with files_kept_in(folder):
        try:
            settings = wandb.setup(wandb.Settings(silent=True)).settings
            if settings.mode == "disabled":
                raise ConfigError("W&B is switched off", f"unset WANDB_MODE, or run `{script('wandb', 'online')}`")
            yield why_offline(wandb, settings)
        finally:
            leave()
