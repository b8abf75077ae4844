"""Sweeps without training: a launcher whose trials follow a synthetic learning curve, milliseconds a trial."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.events import Decision, EpochReport, Listener
from ferray.study.store import open_store
from ferray.study.study import Study
from ferray.sweeps.driver import Listeners, SweepDriver

Curve = Callable[
    [TrialConfig, float], float
]  # configuration, fraction of its epochs done -> objective (NaN = diverged)

CLASSES = ("Angry", "Happy")


def saturating(config: TrialConfig, fraction: float) -> float:
    """Rises towards a ceiling that is highest at a learning rate of 1e-3; in [0, 1]."""
    distance = abs(math.log10(config.optimizer.lr) + 3)
    return max(0.0, 0.9 - 0.2 * distance) * (1 - math.exp(-4 * fraction))


def curve_report(config: TrialConfig, epoch: int, curve: Curve) -> EpochReport:
    """The report of one epoch on the curve; never marked best, as the study finds that out by itself."""
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
        diverged=diverged,
    )


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
    keep_best: int | None = None,
) -> SweepDriver:
    """A driver over the journal in `folder`, or over the database behind `storage`, as `run_sweep` would make it."""
    folder.mkdir(parents=True, exist_ok=True)
    runtime = Runtime(output=folder.parent, launcher="inline", cache_dir=folder.parent, keep_best=keep_best)
    return SweepDriver(spec, runtime, Study(spec, open_store(folder, storage)), folder, Listeners(list(listeners)))


def run_curves(driver: SweepDriver, curve: Curve = saturating, *, slots: int = 1, most_epochs: int = 10**6) -> None:
    """Run the sweep on a curve with so many trials at a time, epoch by epoch in turn; stop dead after `most_epochs`.

    Stopping dead is what a SIGKILL does: running trials are neither ended nor interrupted.
    """
    driver.start(slots)
    running: dict[int, tuple[TrialConfig, int]] = {}
    while most_epochs > 0:
        while len(running) < slots and (job := driver.next_job()) is not None:
            running[job.number] = (job.trial_config(), 0)
        if not running:
            return
        for number, (config, epoch) in list(running.items()):
            running[number] = (config, epoch + 1)
            report = curve_report(config, epoch + 1, curve)
            most_epochs -= 1
            if driver.epoch_ended(number, report) is not Decision.CONTINUE or report.is_last:
                driver.ended(number)
                del running[number]
