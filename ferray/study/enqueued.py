"""Parameter sets that a user wants asked first: each is put into the queue once, however often the sweep goes on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from ferray.study.records import GIVEN_ATTR, TRIAL_ATTR, in_parts

ENQUEUED_ATTR = "enqueued"  # on a trial that was asked for by name: the parameters that were given


def enqueue(study: optuna.Study, sets: Sequence[dict[str, Any]], *, file: str = "") -> int:
    """Put what is not there yet behind what waits already, in order, and say how much that was.

    What comes from a `file` of that name is kept first, so that the sweep goes on without it.
    """
    if file:
        _keep(study, sets, file)
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


def given_sets(user_attrs: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The sets of parameters that a sweep was given, in order, by the name of their file."""
    return {file: list(chain(*parts)) for file, parts in _given(user_attrs).items()}


def _keep(study: optuna.Study, sets: Sequence[dict[str, Any]], file: str) -> None:
    parts = _given(study.user_attrs).get(file, [])
    former = list(chain(*parts))
    for number, part in enumerate(in_parts(params for params in sets if params not in former), start=len(parts)):
        study.set_user_attr(f"{GIVEN_ATTR}{number}/{file}" if number else f"{GIVEN_ATTR}{file}", part)


def _given(user_attrs: Mapping[str, Any]) -> dict[str, list[list[dict[str, Any]]]]:
    """By the name of a file its parts in order; the first has no number, and there may be no other."""
    found = (
        (name.removeprefix(GIVEN_ATTR).rpartition("/"), sets)
        for name, sets in user_attrs.items()
        if name.startswith(GIVEN_ATTR)
    )
    given: dict[str, list[list[dict[str, Any]]]] = {}
    for (_, _, file), sets in sorted(found, key=lambda part: int(part[0][0] or 0)):
        given.setdefault(file, []).append(sets)
    return given


def _counts(trial: FrozenTrial) -> bool:
    """Whether an enqueued set waits or was given to a trial, which its driver may have died before."""
    return ENQUEUED_ATTR in trial.user_attrs and (trial.state is TrialState.WAITING or TRIAL_ATTR in trial.user_attrs)


def _key(params: dict[str, Any]) -> str:
    return json.dumps(params, sort_keys=True)
