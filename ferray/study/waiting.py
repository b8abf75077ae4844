"""The queue of a study: what was asked before there was a worker for it, and what goes out first when it goes on."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from ferray.study.attempts import root_of
from ferray.study.enqueued import ENQUEUED_ATTR
from ferray.study.live import LiveTrial
from ferray.study.records import TRIAL_ATTR, WAITS_ATTR
from ferray.study.replay import ReplayedTrial
from ferray.study.store import shared_database


def is_waiting(trial: FrozenTrial | ReplayedTrial) -> bool:
    """Whether a trial was asked and no worker has begun it, by what the store says of it."""
    return not trial.state.is_finished() and bool(trial.user_attrs.get(WAITS_ATTR))


def keeps_its_place(study: optuna.Study, trial: FrozenTrial) -> bool:
    """Whether a trial that ends is put back into the queue as it is, and no other one asks its parameters again.

    So is what was to be asked first and whose driver died before it had a configuration.
    Of a study that several may drive, one that shares a stage is asked anew: there the lowest number trains the stage,
    and one that had begun it gets a new number.
    """
    if ENQUEUED_ATTR in trial.user_attrs and TRIAL_ATTR not in trial.user_attrs:
        return not trial.state.is_finished()
    has_stages = bool(trial.user_attrs.get(TRIAL_ATTR, {}).get("config", {}).get("stages"))
    return is_waiting(trial) and not (has_stages and shared_database(study) is not None)


def ask_next(study: optuna.Study) -> optuna.Trial:
    """What waits, half-trained trials first and each kind oldest first; else what the sampler proposes."""
    for trial in sorted(study.get_trials(deepcopy=False, states=(TrialState.WAITING,)), key=_turn):
        with suppress(UpdateFinishedTrialError):  # another driver was quicker
            if study._storage.set_trial_state_values(trial._trial_id, TrialState.RUNNING):
                study._thread_local.cached_all_trials = None  # as `Study.ask` does, which takes the lowest number
                return optuna.Trial(study, trial._trial_id)
    return study.ask()


def _turn(trial: FrozenTrial) -> tuple[int, int]:
    """Where in the queue a trial stands; one that its driver died of twice before a step lets all others go first."""
    attrs = trial.user_attrs
    is_half_trained = "retry_of" in attrs and attrs.get("barren", 0) < 2
    return (0, root_of(trial)) if is_half_trained else (1, trial.number)


def put_back(study: optuna.Study, trial: FrozenTrial) -> None:
    """Have the trial asked once more under its number, by whoever asks next."""
    study._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)


def mark_waiting(trials: Iterable[LiveTrial]) -> None:
    """Have the record say of each whether it waits, where it says otherwise."""
    for trial in trials:
        if trial.is_told_waiting == trial.has_begun:
            trial.is_told_waiting = not trial.has_begun
            trial.trial.set_user_attr(WAITS_ATTR, trial.is_told_waiting)
