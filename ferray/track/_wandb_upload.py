"""What W&B has not received of a sweep, sent later by its own `sync`, which is watched: on errors it ends with 0."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from ferray.errors import ClusterError, ConfigError, FerrayError
from ferray.text.commands import script

Tell = Callable[[str], None]
UNSENT = "unsent"  # in a sweep's `wandb/`: its online runs may not have arrived whole
_NO_KEY = "No API key"
_REFUSED = ("returned error 401", "returned error 403", "API key must", "PermissionError", "not logged in")


def mark_unsent(folder: Path) -> None:
    """Remember that online runs of this sweep may not have arrived whole."""
    with suppress(OSError):
        (folder / "wandb" / UNSENT).touch()


def runs_to_send(folder: Path) -> list[Path]:
    """The runs that are not known to be uploaded whole: offline ones, and online ones where there was trouble."""
    patterns = ["offline-run-*", *(["run-*"] if (folder / "wandb" / UNSENT).exists() else [])]
    runs = sorted(run for pattern in patterns for run in (folder / "wandb").glob(pattern))
    return [run for run in runs if not _is_sent(run)]


def send(runs: Sequence[Path], folder: Path, tell: Tell) -> None:
    """Upload these runs of the sweep in `folder`; `tell` is given the address of each.

    ConfigError without a key that is taken, ClusterError where some did not arrive.
    """
    places = [str(run.relative_to(folder)) for run in runs]
    command = [sys.executable, "-m", "wandb", "sync", "--no-skip-synced", "--no-skip-online", *places]
    # wandb leaves a log in the folder that it is called in.
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        complaints = _watched(process.stdout, tell)
    left = [run for run in runs if not _is_sent(run)]
    if left:
        raise _failure(complaints, num_left=len(left), num_runs=len(runs))
    (folder / "wandb" / UNSENT).unlink(missing_ok=True)


def _watched(lines: Iterable[str], tell: Tell) -> list[str]:
    """Pass on where runs are to be seen; what wandb complained of."""
    complaints = []
    for line in lines:
        text = line.strip().removeprefix("wandb: ")
        if "View run" in text:
            tell(text[text.index("View run") :])
        elif text.lower().startswith("error") and "detailed error logs" not in text:
            complaints.append(text[len("error") :].lstrip(": "))
    return complaints


def _failure(complaints: list[str], *, num_left: int, num_runs: int) -> FerrayError:
    said = complaints[-1] if complaints else "wandb does not say why"
    login = f"set WANDB_API_KEY, or run `{script('wandb', 'login')}`"
    if _NO_KEY in said:
        return ConfigError("there is no W&B API key", login)
    if any(word in said for word in _REFUSED):
        return ConfigError(f"W&B does not take the API key: {said}", login)
    hint = "what is uploaded stays; the same command again sends the rest"
    return ClusterError(f"{num_left} of {num_runs} runs did not arrive: {said}", hint)


def _is_sent(run: Path) -> bool:
    """Whether wandb has uploaded all that the run's file holds now; a trial that runs adds to it."""
    return all(
        sent.exists() and sent.stat().st_mtime >= file.stat().st_mtime
        for file in run.glob("*.wandb")
        for sent in [file.with_name(f"{file.name}.synced")]
    )
