"""The check before a sweep or a training, with a first word on the screen before anything heavy is imported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ferray.cli.terminal.output import progress_bars, say

if TYPE_CHECKING:
    from ferray.config.runtime import Runtime
    from ferray.config.sweep import SweepSpec
    from ferray.data.summary import DataSummary
    from ferray.sweeps.check import Checked


def checked_sweep(spec: SweepSpec, runtime: Runtime, space: Path, folder: Path, *, quiet: bool) -> Checked:
    """What the check learnt; says what is checked and where it lies, each step as it begins, and every warning."""
    if not quiet:
        say(f"checking `{spec.name}`: space `{space}`, data root `{runtime.data_root}`, results in `{folder}`")
    try:
        with progress_bars(quiet=quiet) as progress:
            progress("importing torch", 0, 0)
            from ferray.sweeps.check import check_sweep

            checked = check_sweep(spec, runtime, progress=progress, found=None if quiet else say_data)
    except KeyboardInterrupt:
        say("interrupted during the check: no trial was started")
        raise
    for warning in checked.warnings:
        say(f"warning: {warning}")
    return checked


def say_data(summary: DataSummary) -> None:
    """The one line of a data set, and what else should be known of it."""
    say(f"data: {summary.line()}")
    for note in summary.notes():
        say(f"note: {note}")
