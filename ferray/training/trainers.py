"""`open_trainer`: the trainer that a job's configuration asks for."""

from __future__ import annotations

from typing import Protocol, Self

from ferray.config.job import TrialJob
from ferray.events import EpochReport
from ferray.training.cross_validation import CrossValidationTrainer
from ferray.training.epoch import OnBatch
from ferray.training.estimator_trainer import EstimatorTrainer
from ferray.training.network_trainer import NetworkTrainer


class Trainer(Protocol):
    """What whoever drives a trial asks of its trainer; `NetworkTrainer` says what each act means."""

    @property
    def epochs_done(self) -> int: ...

    @property
    def epochs_saved(self) -> int: ...

    @property
    def history(self) -> tuple[EpochReport, ...]: ...

    @property
    def best(self) -> EpochReport | None: ...

    def step(self) -> EpochReport: ...

    def save(self) -> None: ...

    def discard(self) -> None: ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def open_trainer(job: TrialJob, on_batch: OnBatch | None = None) -> Trainer:
    """A trainer in the job's folder, at the epoch after its last checkpoint.

    Raises ConfigError for settings that do not go together, DataError where the data cannot be had.
    """
    config = job.trial_config()
    if config.folds is not None:
        return CrossValidationTrainer(job, open_trainer, on_batch)
    return NetworkTrainer(job, on_batch) if config.estimator.name == "none" else EstimatorTrainer(job, on_batch)
