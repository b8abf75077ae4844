"""A small sweep that never ran: seven trials with every outcome there is, as events and as the store's records.

| trial | outcome     | epochs | best val/uar | why it is here                                   |
|-------|-------------|--------|--------------|--------------------------------------------------|
| 0     | completed   | 3 of 3 | 0.5          | removes outliers in epoch 2                      |
| 1     | pruned      | 1 of 3 | 0.25         |                                                  |
| 2     | failed      | 0 of 2 | -            | died before its first epoch                      |
| 3     | diverged    | 1 of 2 | -            | its figures are not numbers                      |
| 4     | completed   | 2 of 2 | 0.75         | the best                                         |
| 5     | interrupted | 1 of 2 | 0.25         | asked again as trial 6                           |
| 6     | running     | 1 of 2 | 0.5          | never ends                                       |
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ferray.artifacts.history import history_line
from ferray.artifacts.trial import TrialArtifacts
from ferray.events import (
    EpochReport,
    Outcome,
    OutcomeKind,
    OutlierReport,
    RemovedSample,
    SweepStarted,
    TrialEnded,
    TrialStarted,
)
from ferray.results.export import entry
from ferray.study.records import SweepRecord, TrialRecord, TrialState

CLASSES = ("Happy", "Sad")
RECIPE = "1f3a9c2e"
NUM_EACH = 20


@dataclass(frozen=True)
class FakeTrial:
    """One trial's whole story: `hits` of NUM_EACH images in each of the two classes, epoch by epoch."""

    number: int
    kind: OutcomeKind | None
    hits: tuple[int, ...]
    epochs: int
    params: dict[str, Any]
    message: str = ""

    @property
    def reports(self) -> list[EpochReport]:
        best = max(self.hits, default=0)
        return [self._report(epoch, hits, hits == best) for epoch, hits in enumerate(self.hits, start=1)]

    @property
    def best(self) -> EpochReport | None:
        return next((report for report in self.reports if report.is_best), None)

    @property
    def value(self) -> float | None:
        if self.best is None or self.kind in (OutcomeKind.DIVERGED, OutcomeKind.FAILED, None):
            return None
        return self.best.metrics["val/uar"]

    def _report(self, epoch: int, hits: int, is_best: bool) -> EpochReport:
        diverged = self.kind is OutcomeKind.DIVERGED
        return EpochReport(
            epoch=epoch,
            epochs=self.epochs,
            metrics=_metrics(hits / NUM_EACH, loss=math.nan if diverged else 1 / epoch),
            confusion=((hits, NUM_EACH - hits), (NUM_EACH - hits, hits)),
            classes=CLASSES,
            num_train=100,
            is_best=is_best and not diverged,
            diverged=diverged,
            outliers=outlier_report(epoch) if self.number == 0 else None,
        )


def _metrics(score: float, loss: float) -> dict[str, float]:
    return {
        "train/loss": loss,
        "train/accuracy": score,
        "val/loss": loss,
        "val/accuracy": score,
        "val/uar": score,
        "val/macro_f1": score,
        "val/recall/Happy": score,
        "val/recall/Sad": score,
        "lr": 3e-4,
        "seconds": 1.5,
        "images_per_s": 640.0,
    }


def outlier_report(epoch: int) -> OutlierReport:
    """A rule that watches, and removes two samples after the second epoch."""
    if epoch != 2:
        return OutlierReport(epoch, variance=0.5 / epoch, num_kept=100, bin_edges=(0.0, 1.0, 2.0), histogram=(60, 40))
    return OutlierReport(
        epoch,
        variance=0.25,
        num_kept=98,
        bin_edges=(0.0, 1.0, 2.0),
        histogram=(60, 40),
        histogram_after=(60, 38),
        removed=(
            RemovedSample(7, "happy_007.png", label=0, predicted=1, loss=1.9, truly_mislabelled=True),
            RemovedSample(31, "sad_031.png", label=1, predicted=0, loss=1.7, truly_mislabelled=False),
        ),
        note="variance below threshold",
    )


def _params(lr: float, backbone: str, epochs: int) -> dict[str, Any]:
    return {"optimizer.lr": lr, "backbone": backbone, "epochs": epochs}


TRIALS: tuple[FakeTrial, ...] = (
    FakeTrial(0, OutcomeKind.COMPLETED, (5, 8, 10), 3, _params(3.14159e-4, "resnet18", 3)),
    FakeTrial(1, OutcomeKind.PRUNED, (5,), 3, _params(9.9e-2, "resnet18", 3)),
    FakeTrial(2, OutcomeKind.FAILED, (), 2, _params(1e-3, "vgg16", 2), "RuntimeError: out of memory"),
    FakeTrial(3, OutcomeKind.DIVERGED, (2,), 2, _params(0.5, "vgg16", 2), "the loss is not finite"),
    FakeTrial(4, OutcomeKind.COMPLETED, (12, 15), 2, _params(1e-3, "resnet18", 2)),
    FakeTrial(5, OutcomeKind.INTERRUPTED, (5,), 2, _params(2e-3, "vgg16", 2)),
    FakeTrial(6, None, (10,), 2, _params(2e-3, "vgg16", 2)),
)


def config_of(trial: FakeTrial) -> dict[str, Any]:
    """A configuration shaped like `TrialConfig.to_json()`."""
    return {
        "dataset": {"demo": {"images_per_class": 20}},
        "backbone": {"timm": {"name": trial.params["backbone"], "pretrained": False}},
        "outliers": {"none": {}},
        "optimizer": {"name": "adamw", "lr": trial.params["optimizer.lr"]},
        "epochs": trial.epochs,
        "seed": 0,
    }


def sweep_started(folder: Path) -> SweepStarted:
    """The sweep's announcement: seven trials asked for, none done."""
    whole = SweepStarted("fake", str(folder), "val/uar", "max", trials=len(TRIALS), finished=0, slots=2)
    return replace(whole, study="fake", identity=str(folder))


def trial_started(trial: FakeTrial, folder: Path) -> TrialStarted:
    """The study has just proposed this trial."""
    place = folder / "trials" / f"{trial.number:04d}-{RECIPE}"
    return TrialStarted(trial.number, RECIPE, trial.epochs, trial.params, config_of(trial), str(place), trial.number)


def trial_ended(trial: FakeTrial) -> TrialEnded:
    """The last word on this trial; not for the one that runs."""
    assert trial.kind is not None
    last = trial.reports[-1] if trial.reports else None
    outcome, told = Outcome(trial.kind, trial.message), entry(trial_record(trial), "val/uar")
    return TrialEnded(trial.number, outcome, trial.best, last, trial.value, trial.params, told)


def sweep_record() -> SweepRecord:
    """What the store says of the same sweep."""
    return SweepRecord("fake", "val/uar", "max", tuple(trial_record(trial) for trial in TRIALS))


_STATES: dict[OutcomeKind | None, TrialState] = {
    OutcomeKind.COMPLETED: "complete",
    OutcomeKind.PRUNED: "pruned",
    OutcomeKind.DIVERGED: "diverged",
    OutcomeKind.FAILED: "failed",
    OutcomeKind.INTERRUPTED: "interrupted",
    None: "running",
}


def trial_record(trial: FakeTrial) -> TrialRecord:
    """What the store says of one trial."""
    best, state = trial.best, _STATES[trial.kind]
    return TrialRecord(
        number=trial.number,
        state=state,
        outcome=str(trial.kind) if trial.kind else "running",
        value=_value(trial, state),
        epochs=len(trial.hits),
        epochs_asked=trial.epochs,
        best_epoch=best.epoch if best else 0,
        recipe=RECIPE,
        params=trial.params,
        config=config_of(trial),
        metrics=best.metrics if best else {},
        confusion=best.confusion if best else (),
        classes=CLASSES if best else (),
        num_val=best.num_val if best else 0,
        folder=f"trials/{trial.number:04d}-{RECIPE}",
        checkpoint=f"trials/{trial.number:04d}-{RECIPE}/best.pt" if state == "complete" else "",
        message=trial.message,
        seconds=1.5 * len(trial.hits),
        superseded_by=6 if trial.number == 5 else None,
    )


def _value(trial: FakeTrial, state: TrialState) -> float | None:
    if state == "running":
        return trial.best.metrics["val/uar"] if trial.best else None
    return trial.value if state in ("complete", "pruned") else None


def append_history(folder: Path, report: EpochReport) -> None:
    """Add an epoch to a trial's history as its worker would."""
    artifacts = TrialArtifacts.at(str(folder))
    artifacts.make()
    artifacts.history.append_text(f"{history_line(report)}\n")
