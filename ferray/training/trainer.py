"""`Trainer`: what whoever drives a trial asks of whatever trains it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, Self

from ferray.config.job import TrialJob
from ferray.events import EpochReport
from ferray.training.joint_epoch import NetworkTraining

OnBatch = Callable[[int, int], None]  # batches done in this epoch, batches in it


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

    def upcoming(self) -> NetworkTraining | None: ...

    def save(self) -> None: ...

    def save_best(self) -> None: ...

    def discard(self) -> None: ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


OpenTrainer = Callable[[TrialJob, OnBatch | None], Trainer]
