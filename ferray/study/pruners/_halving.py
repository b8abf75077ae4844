"""Optuna's successive halving and Hyperband with their figures kept from one decision to the next."""

from __future__ import annotations

import binascii
import bisect
import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from optuna.pruners import BasePruner
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial


class HalvingPruner(BasePruner):
    """Lets the best 1/reduction_factor of the trials that reached a rung go on from it, rung by rung.

    Bracket b has its rungs at the steps `first_step * reduction_factor ** (b + rung)`; a trial belongs to a bracket by
    its number. With one bracket it decides as Optuna's `SuccessiveHalvingPruner`, with `num_hyperband_brackets` as its
    `HyperbandPruner`, and leaves the same notes in the record: what a trial had at a rung. Those two read every trial
    of the study at each rung (20 to 130 ms after 10,000 trials); here the notes are read once.
    """

    def __init__(self, *, first_step: int, reduction_factor: int, num_brackets: int = 1) -> None:
        self._first_step = first_step
        self._reduction_factor = reduction_factor
        # As many trials for each bracket as Hyperband's schedule gives it: Li et al., algorithm 1.
        spare = [num_brackets - 1 - bracket for bracket in range(num_brackets)]
        self._shares = [math.ceil(num_brackets * reduction_factor**rest / (rest + 1)) for rest in spare]
        self._seen: dict[tuple[int, int], list[float]] | None = None  # sorted, by bracket and rung

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Whether to stop the trial now."""
        step = trial.last_step
        if step is None:
            return False
        value, rung = trial.intermediate_values[step], _num_rungs(trial.system_attrs)
        bracket = self._bracket_of(study.study_name, trial.number)
        while step >= self._first_step * self._reduction_factor ** (bracket + rung):
            if math.isnan(value):
                return True
            competing = self._noted(study)[bracket, rung]
            bisect.insort(competing, value)
            study._storage.set_trial_system_attr(trial._trial_id, _key(rung), value)
            if not self._goes_on(competing, value, study.direction):
                return True
            rung += 1
        return False

    def _goes_on(self, competing: list[float], value: float, direction: StudyDirection) -> bool:
        last = max(0, len(competing) // self._reduction_factor - 1)
        if direction is StudyDirection.MAXIMIZE:
            return value >= competing[-(last + 1)]
        return value <= competing[last]

    def _noted(self, study: Study) -> dict[tuple[int, int], list[float]]:
        """What trials had at rungs: from the record when it is first asked for, by `prune` from then on."""
        if self._seen is None:
            self._seen = defaultdict(list)
            for trial in study.get_trials(deepcopy=False):
                bracket, notes = self._bracket_of(study.study_name, trial.number), trial.system_attrs
                for rung in range(_num_rungs(notes)):
                    self._seen[bracket, rung].append(notes[_key(rung)])
            for values in self._seen.values():
                values.sort()
        return self._seen

    def _bracket_of(self, study_name: str, number: int) -> int:
        place = binascii.crc32(f"{study_name}_{number}".encode()) % sum(self._shares)
        return next(bracket for bracket in range(len(self._shares)) if place < sum(self._shares[: bracket + 1]))


def num_hyperband_brackets(last_step: int, *, first_step: int, reduction_factor: int) -> int:
    """How many brackets Hyperband has from one step to another."""
    return math.floor(math.log(last_step / first_step, reduction_factor)) + 1


def _key(rung: int) -> str:
    return f"completed_rung_{rung}"  # as Optuna's pruners write it


def _num_rungs(notes: Mapping[str, Any]) -> int:
    rung = 0
    while _key(rung) in notes:
        rung += 1
    return rung
