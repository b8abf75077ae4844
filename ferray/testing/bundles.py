"""Bundles of trials, trained to their ends."""

from __future__ import annotations

from collections.abc import Sequence

from ferray.config.job import JobBundle, TrialJob
from ferray.events import EpochReport
from ferray.training.bundle import BundleWorker

Reports = dict[int, list[EpochReport]]  # of each trial, by its number


def train_bundle(jobs: Sequence[TrialJob]) -> Reports:
    """Every report of each trial of a bundle, none of which may fail."""
    told: Reports = {job.number: [] for job in jobs}
    worker = BundleWorker(JobBundle(tuple(jobs)))
    while worker.numbers:
        for number, report in worker.step().items():
            assert isinstance(report, EpochReport), report
            told[number].append(report)
    worker.close()
    return told
