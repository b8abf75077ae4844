"""The sweep's own run where it was written without a network: files in the sweep's folder that wait to be uploaded."""

from __future__ import annotations

from pathlib import Path

from ferray.files.atomic import remove_folder
from ferray.track.wandb_runs.payload import sweep_run_id


def waiting_runs(folder: Path, identity: str) -> list[Path]:
    """The folders of what was written offline of the run of the sweep in `folder`, oldest first."""
    return sorted((folder / "wandb").glob(f"offline-run-*-{sweep_run_id(identity)}"))


def drop_runs(runs: list[Path]) -> None:
    """Delete what a later publication holds as well: each holds all of the sweep."""
    for run in runs:
        remove_folder(run)
