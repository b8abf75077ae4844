"""Trials that were asked before there was a worker for them: the record says so, and a stop puts them back."""

from __future__ import annotations

from collections.abc import Iterable

import optuna
from optuna.trial import FrozenTrial, TrialState

from ferray.study.live import LiveTrial
from ferray.study.records import TRIAL_ATTR, WAITS_ATTR
from ferray.study.replay import ReplayedTrial


def is_waiting(trial: FrozenTrial | ReplayedTrial) -> bool:
    """Whether a trial was asked and no worker has begun it, by what the store says of it."""
    return not trial.state.is_finished() and bool(trial.user_attrs.get(WAITS_ATTR))


def keeps_its_place(trial: FrozenTrial) -> bool:
    """Whether a trial that ends is put back into the queue as it is, and no other one asks its parameters again.

    Of trials that share a stage the lowest number trains it: one that was begun gets a new number, so the others do.
    """
    return is_waiting(trial) and not trial.user_attrs.get(TRIAL_ATTR, {}).get("config", {}).get("stages")


def put_back(study: optuna.Study, trial: FrozenTrial) -> None:
    """Have the trial asked once more under its number, by whoever asks next."""
    study._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)


def mark_waiting(trials: Iterable[LiveTrial]) -> None:
    """Have the record say of each whether it waits, where it says otherwise."""
    for trial in trials:
        if trial.is_told_waiting == trial.has_begun:
            trial.is_told_waiting = not trial.has_begun
            trial.trial.set_user_attr(WAITS_ATTR, trial.is_told_waiting)
