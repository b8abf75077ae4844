"""Parameter sets that a user wants asked first: each is put into the queue once, however often the sweep goes on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from ferray.study.records import GIVEN_ATTR, TRIAL_ATTR

ENQUEUED_ATTR = "enqueued"  # on a trial that was asked for by name: the parameters that were given


def enqueue(study: optuna.Study, sets: Sequence[dict[str, Any]], *, file: str = "") -> int:
    """Put what is not there yet behind what waits already, in order, and say how much that was.

    What comes from a `file` of that name is kept first, so that the sweep goes on without it.
    """
    if file:
        former = study.user_attrs.get(f"{GIVEN_ATTR}{file}", [])
        given = [*former, *(params for params in sets if params not in former)]
        if given != former:
            study.set_user_attr(f"{GIVEN_ATTR}{file}", given)
    there = Counter(
        _key(trial.user_attrs[ENQUEUED_ATTR]) for trial in study.get_trials(deepcopy=False) if _counts(trial)
    )
    num_added = 0
    for params in sets:
        if there[_key(params)]:
            there[_key(params)] -= 1
            continue
        study.enqueue_trial(params, user_attrs={ENQUEUED_ATTR: params})
        num_added += 1
    return num_added


def _counts(trial: FrozenTrial) -> bool:
    """Whether an enqueued set waits or was given to a trial, which its driver may have died before."""
    return ENQUEUED_ATTR in trial.user_attrs and (trial.state is TrialState.WAITING or TRIAL_ATTR in trial.user_attrs)


def _key(params: dict[str, Any]) -> str:
    return json.dumps(params, sort_keys=True)
