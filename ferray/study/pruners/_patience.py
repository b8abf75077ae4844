"""Patience: a trial that still improves is let be, whatever another pruner says."""

from __future__ import annotations

from optuna.pruners import BasePruner
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial

from ferray.study.pruners._halving import HalvingPruner


class PatiencePruner(BasePruner):
    """Stops a trial whose last `patience` steps brought no gain of more than `min_delta`, if `inner` agrees.

    Optuna's `PatientPruner` asks that they brought a loss, which the best value so far never has. It counts reports
    where this one counts steps, so that short trials, which skip some, wait for no larger a part of their epochs.
    """

    def __init__(self, inner: BasePruner | None, *, patience: int, min_delta: float) -> None:
        self._inner = inner
        self._patience = patience
        self._min_delta = min_delta

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Whether to stop the trial now."""
        step = trial.last_step
        if step is None:
            return False
        sign = 1.0 if study.direction is StudyDirection.MAXIMIZE else -1.0
        values = [(s, sign * value) for s, value in trial.intermediate_values.items()]
        before = [value for s, value in values if s < step - self._patience]
        if not before or max(value for _, value in values) > max(before) + self._min_delta:
            return False
        return self._inner_agrees(study, trial)

    def _inner_agrees(self, study: Study, trial: FrozenTrial) -> bool:
        if isinstance(self._inner, HalvingPruner):  # rungs lie behind the trial by the time that patience ends
            return self._inner.falls_short(study, trial, since=0)
        return self._inner is None or self._inner.prune(study, trial)
