"""A trial between ask and finish, and the record that becomes of it."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import optuna

from ferray.config.trial import TrialConfig
from ferray.events import EpochReport, Outcome, OutcomeKind, pooled
from ferray.study.records import FoldRecord


@dataclass
class LiveTrial:
    """What the study has heard of a running trial; `best_of` is the epoch that counts, by fold."""

    trial: optuna.Trial
    config: TrialConfig
    folder: str
    retries: int
    started: float = field(default_factory=time.monotonic)
    step: int = 0
    best_of: dict[int, EpochReport] = field(default_factory=dict)
    last: EpochReport | None = None

    @property
    def best(self) -> EpochReport | None:
        """The epoch that counts; of a cross-validated trial what its folds say together."""
        reports = list(self.best_of.values())
        return pooled(reports) if len(reports) > 1 else next(iter(reports), None)

    def folds(self, metric: str) -> list[dict[str, Any]]:
        """A record for each fold that has an epoch, as JSON; none where the trial is not cross-validated."""
        if self.last is None or self.last.folds == 1:
            return []
        return [asdict(_fold_record(report, metric)) for _, report in sorted(self.best_of.items())]


def result_of(live: LiveTrial, outcome: Outcome, *, metric: str, worst: float | None) -> dict[str, Any]:
    """What the store keeps of the end of a trial; `worst` is told to the sampler in the place of its value."""
    best, last = live.best, live.last
    value, folds = best.metrics[metric] if best else None, live.folds(metric)
    has_checkpoint = outcome.kind is OutcomeKind.COMPLETED and not folds
    return {
        **empty_result(outcome),
        "accumulated": last.accumulated if last else 1,
        "value": value,
        "told": value if worst is None else worst,
        "epochs": last.epoch if last else 0,
        "best_epoch": best.epoch if best else 0,
        "metrics": _finite(best.metrics) if best else {},
        "confusion": [list(row) for row in best.confusion] if best else [],
        "classes": list(best.classes) if best else [],
        "checkpoint": f"{live.folder}/best.pt" if has_checkpoint else "",
        "folds": folds,
        "seconds": time.monotonic() - live.started,
    }


def empty_result(outcome: Outcome) -> dict[str, Any]:
    """The record of a trial without a single finished epoch."""
    return {
        "outcome": outcome.kind.value,
        "message": outcome.message,
        "error_file": outcome.error_file,
        "reason": outcome.reason.value if outcome.reason else "",
        "is_blameless": outcome.is_blameless,
        "accumulated": 1,
        "value": None,
        "epochs": 0,
        "best_epoch": 0,
        "metrics": {},
        "confusion": [],
        "classes": [],
        "checkpoint": "",
        "seconds": 0.0,
    }


def _fold_record(report: EpochReport, metric: str) -> FoldRecord:
    return FoldRecord(
        fold=report.fold,
        value=report.metrics[metric],
        epoch=report.epoch,
        num_train=report.num_train,
        num_val=report.num_val,
        metrics=_finite(report.metrics),
        confusion=report.confusion,
    )


def _finite(metrics: dict[str, float]) -> dict[str, float]:
    return {name: number for name, number in metrics.items() if math.isfinite(number)}
