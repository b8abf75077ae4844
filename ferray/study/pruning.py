"""What decides a prune: when the pruner is asked about a trial, with which value, and what stands of its answer."""

from __future__ import annotations

import copy

import optuna

from ferray.events import EpochReport
from ferray.study.attempts import STOPPED_ATTR
from ferray.study.live import LiveTrial
from ferray.study.pruners import STEPS

PAIRED_PRUNER = "wilcoxon"  # hears each fold's own value in the place of the mean so far


def report_epoch(study: optuna.Study, live: LiveTrial, report: EpochReport, *, pruner: str) -> None:
    """Keep an epoch, and at each new step have the study's pruner, called `pruner`, say whether the trial stops.

    What was decided in an earlier attempt is not asked again. The epoch with which a trial has nothing left to do never
    stops it. One that ended before its last epoch keeps its value at the steps that are left.
    """
    step = live.record(report)
    if step is not None and not live.is_stopped:
        _hear(study, live, report, step, pruner=pruner)
    if report.halted and live.step and pruner != PAIRED_PRUNER:
        # It will be no better for longer training, so that longer trials are compared with it to their end.
        for later in range(live.step + 1, STEPS + 1):
            live.trial.report(live.value(), later)


def _hear(study: optuna.Study, live: LiveTrial, report: EpochReport, step: int, *, pruner: str) -> None:
    value = live.value_of(report.fold) if pruner == PAIRED_PRUNER else live.value()
    if step > live.earlier.last_step and not report.is_last:
        live.is_stopped = _stops(study, live, step, value)
    else:
        live.is_stopped = live.earlier.stopped_at is not None and step >= live.earlier.stopped_at
    live.trial.report(value, step)


def _stops(study: optuna.Study, live: LiveTrial, step: int, value: float) -> bool:
    """Whether the pruner stops a trial with this value; if so, the store is told before it hears of the value."""
    heard = copy.copy(live.trial._cached_frozen_trial)
    heard.intermediate_values = {**heard.intermediate_values, step: value}
    if not study.pruner.prune(study, heard):
        return False
    study._storage.set_trial_system_attr(live.trial._trial_id, STOPPED_ATTR, [step, value])
    return True
