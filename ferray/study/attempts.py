"""The attempts at one parameter set: a trial and those that ask it again, and what pruners have said of it so far.

What is heard and decided is the parameter set's, whichever attempt it came from, so that an interruption changes no
decision. `retry_of` on an attempt names the one before it, `root` the first one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from optuna.trial import FrozenTrial

from ferray.study.records import TRIAL_ATTR

# On a trial, [step, value]: the pruner has said stop. Written before the value itself, so that a value in the store
# which nothing stops was let past.
STOPPED_ATTR = "stopped"


@dataclass(frozen=True)
class Verdicts:
    """What was decided in earlier attempts: the last step that was, and the one they were stopped at."""

    last_step: int = 0
    stopped_at: int | None = None


def root_of(trial: FrozenTrial) -> int:
    """The number of the first attempt, the trial's own where it is the first."""
    root: int = trial.user_attrs.get("root", trial.number)
    return root


def place_of(trial: FrozenTrial) -> int:
    """How many parameter sets were asked before this one: the root's number, had no trial ever been interrupted."""
    attrs = trial.user_attrs
    place: int = attrs.get("place", attrs.get(TRIAL_ATTR, {}).get("place", root_of(trial)))
    return place


def is_root(trial: FrozenTrial) -> bool:
    """Whether the trial is the first that was given these parameters; one that nobody was given is not."""
    return TRIAL_ATTR in trial.user_attrs and "retry_of" not in trial.user_attrs


def values_of(trial: FrozenTrial) -> dict[int, float]:
    """What has been decided about an attempt, by step; a value that its driver died over is missing."""
    stopped = dict([trial.system_attrs[STOPPED_ATTR]]) if STOPPED_ATTR in trial.system_attrs else {}
    return {**trial.intermediate_values, **stopped}


def earlier_verdicts(trials: Sequence[FrozenTrial], retry_of: int | None) -> Verdicts:
    """What was decided in the attempt `retry_of` and those before it; `trials` are those of the study, by number."""
    attempts = list(_attempts(trials, retry_of))
    stopped = [attempt.system_attrs[STOPPED_ATTR][0] for attempt in attempts if STOPPED_ATTR in attempt.system_attrs]
    last = max((step for attempt in attempts for step in values_of(attempt)), default=0)
    return Verdicts(last, min(stopped, default=None))


def _attempts(trials: Sequence[FrozenTrial], number: int | None) -> Iterator[FrozenTrial]:
    while number is not None:
        yield trials[number]
        number = trials[number].user_attrs.get("retry_of")
