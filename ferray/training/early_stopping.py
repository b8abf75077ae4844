"""Early stopping: whether a trial has waited long enough for a better epoch."""

from __future__ import annotations

from collections.abc import Sequence

from ferray.config.early_stopping import EarlyStoppingConfig
from ferray.config.job import TrialJob
from ferray.events import EpochReport
from ferray.stats.ranking import Mode, sign
from ferray.text.counting import counted


def stopping_note(config: EarlyStoppingConfig | None, reports: Sequence[EpochReport], job: TrialJob) -> str:
    """Why a trial with these epochs ends now, for the user; "" where it goes on.

    It is a function of the epochs alone, so that a trial which goes on from a checkpoint ends where it would have.
    """
    if config is None or reports[-1].is_last:
        return ""
    waited = _num_waited(config, [report.metrics[job.metric] for report in reports], job.mode)
    if waited < config.patience:
        return ""
    return f"early stopping: no better `{job.metric}` in {counted(waited, 'epoch')}"


def _num_waited(config: EarlyStoppingConfig, values: Sequence[float], mode: Mode) -> int:
    """Epochs since the last that was better than the best before it, by more than `min_delta`."""
    best, waited = sign(mode) * values[0], 0
    for value in values[1:]:
        waited += 1
        if sign(mode) * value - best > config.min_delta:
            best, waited = sign(mode) * value, 0
    return waited
