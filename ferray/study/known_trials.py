"""Trials of an earlier sweep that a sampler learns from: kept with the study, and none of its own.

No reader of results looks at them: they are an attribute of the study, not trials in it, so that budget, leaderboard,
pruners and trackers know nothing of them, and a sweep that goes on has them though the earlier one is gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from ferray.config.parameter_sets import ParameterSet, parameters_of
from ferray.config.sweep import SweepSpec
from ferray.study.enqueued import enqueue
from ferray.study.records import CALLED_ATTR, LEARNT_ATTR, RESULT_ATTR, TRIAL_ATTR, in_parts
from ferray.study.suggest import distribution_of

KNOWN_ATTR = "known-"  # on the study, the identity of an earlier sweep, and the number of a part: its trials


@dataclass(frozen=True)
class KnownTrial:
    """A trial as a sampler sees it: complete where `step` is None, else stopped at that step with its value.

    `epochs` of `epochs_asked` took `seconds`.
    """

    params: ParameterSet
    value: float
    step: int | None = None
    epochs: int = 0
    epochs_asked: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Knowledge:
    """What a sweep takes over from an earlier one, which its identity names: sets to ask first, trials to know.

    `name` is what it is called, so that it can be told of when it is gone.
    """

    identity: str
    sets: tuple[ParameterSet, ...]
    known: tuple[KnownTrial, ...]
    name: str = ""


def take_over(study: optuna.Study, earlier: Knowledge) -> bool:
    """Put the sets into the queue and keep the trials, once for each earlier sweep: whether they were not there yet."""
    if f"{LEARNT_ATTR}{earlier.identity}" in study.user_attrs:
        return False
    enqueue(study, earlier.sets)
    if earlier.name:
        study.set_user_attr(f"{CALLED_ATTR}{earlier.identity}", earlier.name)
    parts = list(in_parts(asdict(trial) for trial in earlier.known))
    for number, part in enumerate(parts):
        study.set_user_attr(f"{KNOWN_ATTR}{earlier.identity}-{number}", part)
    study.set_user_attr(f"{LEARNT_ATTR}{earlier.identity}", len(parts))  # last: a driver killed before begins anew
    return True


def known_trials(study: optuna.Study, spec: SweepSpec) -> list[FrozenTrial]:
    """All that are kept, as finished trials of this space, numbered so that they lie before its first."""
    attrs = study.user_attrs
    learnt = {name.removeprefix(LEARNT_ATTR): attrs[name] for name in sorted(attrs) if name.startswith(LEARNT_ATTR)}
    parts = [f"{KNOWN_ATTR}{identity}-{number}" for identity, num in learnt.items() for number in range(num)]
    kept = [trial for part in parts for trial in attrs[part]]
    known = {name: distribution_of(parameter.node) for name, parameter in parameters_of(spec).items()}
    found = list(_frozen(kept, known))
    for number, trial in enumerate(found, start=-len(found)):
        trial.number = number
    return found


def _frozen(kept: Sequence[Mapping[str, Any]], known: Mapping[str, BaseDistribution]) -> Iterator[FrozenTrial]:
    for entry in kept:
        trial = KnownTrial(**entry)
        yield create_trial(
            state=TrialState.COMPLETE if trial.step is None else TrialState.PRUNED,
            value=trial.value if trial.step is None else None,
            params=trial.params,
            distributions={name: known[name] for name in trial.params},
            intermediate_values={} if trial.step is None else {trial.step: trial.value},
            user_attrs={
                TRIAL_ATTR: {"epochs": trial.epochs_asked},
                RESULT_ATTR: {"epochs": trial.epochs, "seconds": trial.seconds},
            },
        )
