"""What a journal says in the end of its studies, three times as fast as Optuna builds it, for those who only read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from optuna.distributions import BaseDistribution, json_to_distribution
from optuna.trial import TrialState

from ferray.study.records import TRIAL_ATTR

Operation = dict[str, Any]
_SAY_NOTHING = (3, 9, 10)  # the notes of samplers and pruners on studies and trials; trials that were discarded


@dataclass
class ReplayedTrial:
    """The part of Optuna's `FrozenTrial` that records are made of."""

    number: int
    state: TrialState
    params: dict[str, Any]
    user_attrs: dict[str, Any]
    intermediate_values: dict[int, float] = field(default_factory=dict)
    datetime_complete: datetime | None = None  # of this machine's clock, as Optuna has it


@dataclass
class ReplayedStudy:
    """The part of Optuna's `Study` that records are made of; trials in order of number."""

    name: str
    user_attrs: dict[str, Any] = field(default_factory=dict)
    trials: list[ReplayedTrial] = field(default_factory=list)


class Replay:
    """The studies that a journal's operations amount to, by the rules of Optuna's journal storage.

    A study's name is taken once; a trial that has finished changes no more; a trial that runs is not started again.
    `num_applied` counts the operations, so that a reader can go on from there.
    """

    def __init__(self) -> None:
        self.num_applied = 0
        self._studies: dict[int, ReplayedStudy] = {}
        self._num_created = 0
        self._trials: list[ReplayedTrial] = []  # by their place in the journal, those of deleted studies too
        self._parts: dict[str, Any] = {}  # of configurations, by what they say

    @property
    def studies(self) -> list[ReplayedStudy]:
        """Those that have not been deleted, as of the last operation."""
        return list(self._studies.values())

    def apply(self, operations: Iterable[Operation]) -> None:
        """Go on with the next operations; one of MISSHAPEN where the last is none that Optuna writes."""
        for operation in operations:
            act = _ACTS.get(operation["op_code"])
            if act is None:
                raise ValueError(f"`{operation['op_code']}` is no operation")
            act(self, operation)
            self.num_applied += 1

    def _create_study(self, operation: Operation) -> None:
        if operation["study_name"] not in {study.name for study in self._studies.values()}:
            self._studies[self._num_created] = ReplayedStudy(operation["study_name"])
            self._num_created += 1

    def _delete_study(self, operation: Operation) -> None:
        self._studies.pop(operation["study_id"], None)

    def _set_study_attr(self, operation: Operation) -> None:
        if operation["study_id"] in self._studies:
            self._studies[operation["study_id"]].user_attrs.update(operation["user_attr"])

    def _create_trial(self, operation: Operation) -> None:
        study = self._studies.get(operation["study_id"])
        if study is None:
            return
        state = TrialState(operation.get("state", TrialState.RUNNING))
        kinds = operation.get("distributions", {})
        params = {name: _value(kinds[name], value) for name, value in operation.get("params", {}).items()}
        values = {int(step): value for step, value in operation.get("intermediate_values", {}).items()}
        ended = _local(operation["datetime_complete"]) if "datetime_complete" in operation else None
        trial = ReplayedTrial(len(study.trials), state, params, operation.get("user_attrs", {}), values, ended)
        study.trials.append(trial)
        self._trials.append(trial)

    def _set_param(self, operation: Operation) -> None:
        if trial := self._unfinished(operation):
            value = _value(operation["distribution"], operation["param_value_internal"])
            trial.params[operation["param_name"]] = value

    def _set_state(self, operation: Operation) -> None:
        if trial := self._unfinished(operation):
            trial.state = TrialState(operation["state"])
            if trial.state.is_finished():
                trial.datetime_complete = _local(operation["datetime_complete"])

    def _set_intermediate_value(self, operation: Operation) -> None:
        if trial := self._unfinished(operation):
            trial.intermediate_values[operation["step"]] = operation["intermediate_value"]

    def _set_trial_attr(self, operation: Operation) -> None:
        if trial := self._unfinished(operation):
            self._share_parts(operation["user_attr"].get(TRIAL_ATTR))
            trial.user_attrs.update(operation["user_attr"])

    def _share_parts(self, facts: Any) -> None:
        """Hold parts of configurations that are alike once: most are, and they are most of what a sweep holds."""
        config = facts.get("config") if isinstance(facts, dict) else None
        if isinstance(config, dict):
            for name, part in config.items():
                config[name] = self._parts.setdefault(repr(part), part) if isinstance(part, dict) else part

    def _unfinished(self, operation: Operation) -> ReplayedTrial | None:
        place: int = operation["trial_id"]
        if place >= len(self._trials) or self._trials[place].state.is_finished():
            return None
        return self._trials[place]


def _pass_over(_: Replay, __: Operation) -> None: ...


# Not of an object, which would hold itself by its own methods, and with it all trials until the collector comes by.
_ACTS: dict[int, Callable[[Replay, Operation], None]] = {
    0: Replay._create_study,
    1: Replay._delete_study,
    2: Replay._set_study_attr,
    4: Replay._create_trial,
    5: Replay._set_param,
    6: Replay._set_state,
    7: Replay._set_intermediate_value,
    8: Replay._set_trial_attr,
    **dict.fromkeys(_SAY_NOTHING, _pass_over),
}


def _local(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone().replace(tzinfo=None)


def _value(distribution: str, stored: float) -> Any:
    return _distribution(distribution).to_external_repr(stored)


@cache
def _distribution(text: str) -> BaseDistribution:
    return json_to_distribution(text)
