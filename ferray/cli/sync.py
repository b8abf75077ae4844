"""`ferray sync`: upload what W&B could not take while the sweep ran."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from ferray.cli import options
from ferray.cli.output import say
from ferray.errors import DataError, FerrayError


def sync(
    name: Annotated[str, typer.Argument(help="The sweep's name.", show_default=False)],
    output: options.Output = Path("runs"),
) -> None:
    """Upload the sweep's offline W&B runs; needs a key (`wandb login`) and a network. Running it again is harmless."""
    folder = output / name / "wandb"
    runs = sorted(folder.glob("offline-run-*"))
    if not runs:
        raise DataError(f"there are no offline W&B runs in `{folder}`", "online runs are there already: see `run.url`")
    say(f"uploading {len(runs)} runs")
    done = subprocess.run([sys.executable, "-m", "wandb", "sync", *map(str, runs)], check=False)
    if done.returncode:
        raise FerrayError(
            f"`wandb sync` ended with {done.returncode}", "what is uploaded stays; run this again for the rest"
        )
