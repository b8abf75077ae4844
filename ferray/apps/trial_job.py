"""A trial that has ended as a job again: with it its data is opened as the training opened it."""

from __future__ import annotations

from pathlib import Path

from ferray.artifacts.sweep import SweepArtifacts
from ferray.config.data_root import data_root_words
from ferray.config.exclusion import kept_list
from ferray.config.job import TrialJob
from ferray.config.runtime import Runtime
from ferray.study.records import TrialRecord
from ferray.system.cores import num_threads


def trial_job(trial: TrialRecord, folder: Path, runtime: Runtime) -> TrialJob:
    """The job of a trial of the sweep in `folder`, in this place; DataError for a record of no configuration."""
    config = trial.trial_config()
    return TrialJob(
        number=trial.number,
        config=config.to_json(),
        folder=SweepArtifacts.of(folder).trial(trial.folder).address,
        data_root=data_root_words(runtime.data_root.absolute()),
        cache_dir=str(runtime.cache_dir.absolute()),
        device=runtime.device,
        threads=num_threads(),
        exclude=str(kept_list(folder, config.exclude) or ""),
    )
