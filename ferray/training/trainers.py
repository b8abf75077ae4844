"""`open_trainer`: the trainer that a job's configuration asks for."""

from __future__ import annotations

from ferray.config.job import TrialJob
from ferray.training.cross_validation import CrossValidationTrainer
from ferray.training.estimator_trainer import EstimatorTrainer
from ferray.training.network_trainer import NetworkTrainer
from ferray.training.stages import StagedTrainer
from ferray.training.trainer import OnBatch, Trainer


def open_trainer(job: TrialJob, on_batch: OnBatch | None = None) -> Trainer:
    """A trainer in the job's folder, at the epoch after its last checkpoint.

    Raises ConfigError for settings that do not go together, DataError where the data cannot be had.
    """
    config = job.trial_config()
    if config.folds is not None:
        return CrossValidationTrainer(job, open_trainer, on_batch)
    if config.stages is not None:
        return StagedTrainer(job, open_trainer, on_batch)
    return NetworkTrainer(job, on_batch) if config.estimator.name == "none" else EstimatorTrainer(job, on_batch)
