"""Sweeps without training: a launcher whose trials follow a synthetic learning curve, milliseconds a trial."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from ferray.config.entry import Entry
from ferray.config.job import JobBundle, TrialJob
from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.events import EpochReport, Listener, Save
from ferray.study.store import open_store
from ferray.study.study import Study
from ferray.sweeps.driver import SweepDriver
from ferray.sweeps.launcher import Event, Launcher, TrialEvent
from ferray.sweeps.loop import run_trials
from ferray.sweeps.notification import Listeners
from ferray.sweeps.placement import Placement
from ferray.training.best_epoch import is_best_epoch

Curve = Callable[
    [TrialConfig, float], float
]  # configuration, fraction of its epochs done -> objective (NaN = diverged)

CLASSES = ("Angry", "Happy")
OBJECTIVE = TrialJob(number=0, config={}, folder="")  # the usual one: the highest val/uar


def saturating(config: TrialConfig, fraction: float) -> float:
    """Rises towards a ceiling that is highest at a learning rate of 1e-3; in [0, 1]."""
    distance = abs(math.log10(config.optimizer.lr) + 3)
    return max(0.0, 0.9 - 0.2 * distance) * (1 - math.exp(-4 * fraction))


def curve_report(config: TrialConfig, epoch: int, curve: Curve) -> EpochReport:
    """The report of one epoch on the curve, as if it were the first of its trial; see `as_told`."""
    value = curve(config, epoch / config.epochs)
    diverged = math.isnan(value)
    right = 0 if diverged else round(100 * value)
    metrics = {"val/uar": value, "val/accuracy": value, "val/loss": 1 - value, "seconds": 0.1, "images_per_s": 100.0}
    return EpochReport(
        epoch=epoch,
        epochs=config.epochs,
        metrics=metrics,
        confusion=((right, 100 - right), (100 - right, right)),
        classes=CLASSES,
        num_train=100,
        is_best=not diverged,
        diverged=diverged,
    )


def as_told(reports: Iterable[EpochReport], job: TrialJob = OBJECTIVE) -> list[EpochReport]:
    """All epochs of a trial as a worker tells them, each saying whether the trial counts by it."""
    told: list[EpochReport] = []
    best: dict[int, EpochReport] = {}  # by fold
    for report in reports:
        told.append(replace(report, is_best=is_best_epoch(report, best.get(report.fold), job)))
        best |= {report.fold: report} if told[-1].is_best else {}
    return told


def small_spec(**changes: Any) -> SweepSpec:
    """A space of a learning rate, a batch size and a conditional gamma over `demo`, 10 random trials, no pruner."""
    plain: dict[str, Any] = {
        "name": "curves",
        "dataset": "demo",
        "budget": {"trials": 10},
        "sampler": "random",
        "pruner": "none",
        "base": {"epochs": 4},
        "space": {
            "optimizer.lr": {"log_uniform": [1e-5, 1e-1]},
            "batch_size": {"choice": [16, 32]},
            "imbalance": {"one_of": ["none", {"focal": {"gamma": {"uniform": [0.5, 4.0]}}}]},
        },
    }
    return SweepSpec.model_validate({**plain, **changes})


def open_driver(
    folder: Path,
    spec: SweepSpec,
    *listeners: Listener,
    storage: str | None = None,
    entry: Entry = Entry.ALONE,
    **runtime: Any,
) -> SweepDriver:
    """A driver over the journal in `folder`, or over the database behind `storage`, as `run_sweep` would make it.

    `runtime` are keys of `Runtime`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place = Runtime(output=folder.parent, launcher="inline", cache_dir=folder.parent, **runtime)
    study = Study(spec, open_store(folder, storage), entry=entry)
    return SweepDriver(spec, place, study, folder, Listeners(list(listeners)))


class Killed(Exception):
    """The process is gone, as after SIGKILL: nothing of it ends or interrupts a trial."""


class Curves(Launcher):
    """Trials on a curve, an epoch of each that runs at every poll; `most_epochs` later its process is Killed."""

    def __init__(self, runtime: Runtime, curve: Curve, *, slots: int = 1, most_epochs: int = 10**6) -> None:
        super().__init__(runtime)
        self._curve = curve
        self._slots = slots
        self._epochs_left = most_epochs
        self._running: dict[int, tuple[TrialJob, list[EpochReport]]] = {}

    def check(self) -> Placement:
        return Placement(1, 0.0, self._slots, self.runtime.trials_per_worker)

    def opened(self, tell: Callable[[str], None]) -> AbstractContextManager[None]:
        return nullcontext()

    def capacity(self) -> Placement:
        if self._epochs_left <= 0:
            raise Killed
        return self.check()

    def start(self, bundle: JobBundle) -> None:
        self._running |= {job.number: (job, []) for job in bundle.jobs}

    def poll(self) -> Sequence[Event]:
        return [self._step(number) for number in list(self._running)]

    def drop(self, number: int, *, save: Save) -> None:
        self._running.pop(number, None)

    def kill(self, number: int) -> None:
        """Nothing: a curve does not hang."""

    def stop(self) -> Sequence[Event]:
        return ()

    def _step(self, number: int) -> TrialEvent:
        job, reports = self._running[number]
        self._epochs_left -= 1
        reports[:] = as_told([*reports, curve_report(job.trial_config(), len(reports) + 1, self._curve)], job)
        report = reports[-1]
        if report.is_last:
            del self._running[number]
        return TrialEvent(number, report)


def run_curves(driver: SweepDriver, curve: Curve = saturating, *, slots: int = 1, most_epochs: int = 10**6) -> None:
    """Run the sweep on a curve with so many workers at a time, epoch by epoch in turn; stop dead after `most_epochs`.

    Stopping dead is what a SIGKILL does: running trials are neither ended nor interrupted.
    """
    with suppress(Killed):
        run_trials(driver, Curves(driver.runtime, curve, slots=slots, most_epochs=most_epochs))


def next_job(driver: SweepDriver) -> TrialJob | None:
    """The next trial alone, as a launcher would be given it; None where there is none."""
    bundles = driver.next_bundles()
    return bundles[0].jobs[0] if bundles else None
