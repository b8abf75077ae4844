"""The epoch by which a trial counts: decided here, where its weights are kept, and believed by all who hear of it."""

from __future__ import annotations

import math

from ferray.config.job import TrialJob
from ferray.events import EpochReport
from ferray.stats.ranking import is_better


def is_best_epoch(report: EpochReport, former: EpochReport | None, job: TrialJob) -> bool:
    """Whether the trial counts by this epoch from now on, and no longer by `former`, its best one before.

    The first with a finite objective does, after it one that beats the former, or with `counts: last` every one.
    """
    value = report.metrics[job.metric]
    if report.diverged or not math.isfinite(value):
        return False
    return former is None or job.counts == "last" or is_better(value, former.metrics[job.metric], job.mode)
