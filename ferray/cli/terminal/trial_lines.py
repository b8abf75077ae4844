"""A trial as one line of `ferray trials`."""

from __future__ import annotations

from pathlib import Path

from ferray.artifacts.address import shortest_address
from ferray.artifacts.sweep import SweepArtifacts
from ferray.study.records import TrialRecord
from ferray.text.sanitize import on_one_line

INDENT = " " * 7


def has_failed(trial: TrialRecord) -> bool:
    """Whether a trial failed or lost its worker; neither Ctrl-C nor a dead driver is a failure of the trial."""
    return trial.state == "failed" or bool(trial.reason)


def trial_line(trial: TrialRecord, folder: Path) -> str:
    """Number, outcome, value, epochs, reason, of a failure host and address; `folder` is the sweep's."""
    value = "" if trial.value is None else f"{trial.value:.3f}"
    where = trial.error_file or _address(trial, folder) if has_failed(trial) else ""
    said = ": ".join(text for text in (trial.reason, trial.message) if text)
    host = f"on {trial.host}" if trial.host and has_failed(trial) else ""
    again = f"asked again as {trial.superseded_by}" if trial.superseded_by is not None else ""
    epochs = f"{trial.epochs}/{trial.epochs_asked}"
    figures = f"{trial.number:>5}  {trial.ending:<11}  {value:<6}  {epochs:<6}"
    return on_one_line("  ".join([figures, *filter(None, (said, host, again, where))]).rstrip())


def _address(trial: TrialRecord, folder: Path) -> str:
    return shortest_address(SweepArtifacts.of(folder).trial(trial.folder).address)
