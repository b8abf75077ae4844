"""A trial between ask and finish, and the record that becomes of it."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import optuna
from optuna.trial import TrialState

from ferray.artifacts.trial import best_checkpoint_in
from ferray.config.sweep import Objective
from ferray.config.trial import TrialConfig
from ferray.events import EpochReport, Host, Outcome, OutcomeKind, pooled
from ferray.stats.ranking import best_first
from ferray.study.attempts import Verdicts
from ferray.study.pruners import step_of
from ferray.study.records import FoldRecord


@dataclass
class LiveTrial:
    """What the study has heard of a running trial; `best_of` is the epoch that counts, by fold, as its worker says.

    `earlier` is what was decided in earlier attempts at its parameters, `barren` how many drivers died in a row before
    an epoch of them. `has_begun`: a worker was given it; until then the record may say that it waits.
    """

    trial: optuna.Trial
    config: TrialConfig
    folder: str
    retries: int
    objective: Objective
    earlier: Verdicts
    barren: int = 0
    started: float = field(default_factory=time.monotonic)
    step: int = 0
    best_of: dict[int, EpochReport] = field(default_factory=dict)
    last: EpochReport | None = None
    is_stopped: bool = False
    has_begun: bool = False
    is_told_waiting: bool = False
    host: Host = field(default_factory=lambda: Host(""))  # that trains it, as far as is known

    def start_over(self) -> None:
        """A worker that starts, afresh or from a checkpoint, tells its whole past."""
        self.best_of.clear()
        self.last = None

    def record(self, report: EpochReport) -> int | None:
        """Keep an epoch; the step that it is the first to reach with a finite value, None where there is none."""
        self.last = report
        value = report.metrics.get(self.objective.metric, math.nan)
        if report.is_best:
            self.best_of[report.fold] = report
        if report.diverged or not math.isfinite(value) or report.fold not in self.best_of:
            return None
        step = step_of(report.epoch, report.epochs)
        if step <= self.step or (report.folds > 1 and not report.ends_fold):
            return None
        self.step = step
        return step

    def value(self) -> float:
        """What the trial is worth so far: the mean of its folds where it has some, each by the epoch that counts."""
        return math.fsum(self.value_of(fold) for fold in self.best_of) / len(self.best_of)

    def value_of(self, fold: int) -> float:
        """What a fold is worth so far; a plain trial is fold 0."""
        return self.best_of[fold].metrics[self.objective.metric]

    @property
    def best(self) -> EpochReport | None:
        """The epoch that counts; of a cross-validated trial what its folds say together."""
        reports = list(self.best_of.values())
        return pooled(reports) if len(reports) > 1 else next(iter(reports), None)

    def folds(self) -> list[dict[str, Any]]:
        """A record for each fold that has an epoch, as JSON; none where the trial is not cross-validated."""
        if self.last is None or self.last.folds == 1:
            return []
        return [asdict(_fold_record(report, self.objective.metric)) for _, report in sorted(self.best_of.items())]


def result_of(live: LiveTrial, outcome: Outcome, *, worst: float | None) -> dict[str, Any]:
    """What the store keeps of the end of a trial; `worst` is told to the sampler in the place of its value."""
    best, last = live.best, live.last
    value, folds = best.metrics[live.objective.metric] if best else None, live.folds()
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
        "checkpoint": best_checkpoint_in(live.folder) if has_checkpoint else "",
        "folds": folds,
        "seconds": time.monotonic() - live.started,
        "host": live.host.name,
        "node": live.host.node,
    }


def worst_of(study: optuna.Study, objective: Objective) -> float:
    """What a diverged trial is told as: no better than any so far, and not so far off as to drown them."""
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    values = [trial.value for trial in complete if trial.value is not None]
    return max([objective.worst, *values], key=lambda value: best_first(value, objective.mode))


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
