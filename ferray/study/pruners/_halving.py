"""Optuna's successive halving and Hyperband with their figures kept from one decision to the next."""

from __future__ import annotations

import binascii
import bisect
import math
from collections import defaultdict
from collections.abc import Iterator

from optuna.pruners import BasePruner
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial

from ferray.study.attempts import place_of, root_of, values_of


class HalvingPruner(BasePruner):
    """Lets the best 1/reduction_factor of the trials that reached a rung go on from it, rung by rung.

    Bracket b has its rungs at the steps `first_step * reduction_factor ** (b + rung)`; a trial belongs to a bracket by
    the place of its parameter set among all that were asked, and competes at a rung with the value that it had there.
    Attempts at the same set are one competitor. Where nothing is interrupted it decides with one bracket as Optuna's
    `SuccessiveHalvingPruner`, with `num_hyperband_brackets` as its `HyperbandPruner`, and leaves the same notes in the
    record: what a trial had at a rung. Those two read every trial of the study at each rung (20 to 130 ms after 10,000
    trials); here the notes are read once.
    """

    def __init__(self, *, first_step: int, reduction_factor: int, num_brackets: int = 1) -> None:
        self._first_step = first_step
        self._reduction_factor = reduction_factor
        # As many trials for each bracket as Hyperband's schedule gives it: Li et al., algorithm 1.
        spare = [num_brackets - 1 - bracket for bracket in range(num_brackets)]
        self._shares = [math.ceil(num_brackets * reduction_factor**rest / (rest + 1)) for rest in spare]
        self._noted: dict[int, int] = {}  # rungs at which a parameter set competes, by its root
        self._competing: dict[tuple[int, int], list[float]] = defaultdict(list)  # sorted, by bracket and rung
        self._has_read = False

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Whether to stop the trial now, at a rung that its last step is the first to reach."""
        step = trial.last_step
        if step is None:
            return False
        return self.falls_short(study, trial, since=max((s for s in trial.intermediate_values if s < step), default=0))

    def falls_short(self, study: Study, trial: FrozenTrial, *, since: int) -> bool:
        """Whether the trial is not among the best at one of the rungs beyond step `since` that it has reached."""
        bracket = self._bracket_of(study.study_name, place_of(trial))
        for rung, value in enumerate(self._values_at_rungs(trial.intermediate_values, bracket)):
            if self._step_of(bracket, rung) <= since:
                continue
            if math.isnan(value):
                return True
            self._read_once(study)
            if rung >= self._noted.get(root_of(trial), 0):
                study._storage.set_trial_system_attr(trial._trial_id, _key(rung), value)
                self._note(root_of(trial), bracket, rung, value)
            if not self._goes_on(self._competing[bracket, rung], value, study.direction):
                return True
        return False

    def _step_of(self, bracket: int, rung: int) -> int:
        return int(self._first_step * self._reduction_factor ** (bracket + rung))

    def _values_at_rungs(self, values: dict[int, float], bracket: int) -> Iterator[float]:
        """What a trial had when it first was at a rung or beyond, for each rung that it has reached."""
        steps, rung = sorted(values), 0
        while steps and steps[-1] >= self._step_of(bracket, rung):
            yield values[steps[bisect.bisect_left(steps, self._step_of(bracket, rung))]]
            rung += 1

    def _note(self, root: int, bracket: int, rung: int, value: float) -> None:
        self._noted[root] = rung + 1
        bisect.insort(self._competing[bracket, rung], value)

    def _goes_on(self, competing: list[float], value: float, direction: StudyDirection) -> bool:
        last = max(0, len(competing) // self._reduction_factor - 1)
        if direction is StudyDirection.MAXIMIZE:
            return value >= competing[-(last + 1)]
        return value <= competing[last]

    def _read_once(self, study: Study) -> None:
        """Take over what trials of the record had at rungs; a note is none where a driver died before it decided."""
        if self._has_read:
            return
        self._has_read = True
        for trial in study.get_trials(deepcopy=False):
            root, notes = root_of(trial), trial.system_attrs
            bracket, last = self._bracket_of(study.study_name, place_of(trial)), max(values_of(trial), default=0)
            rung = self._noted.get(root, 0)
            while _key(rung) in notes and self._step_of(bracket, rung) <= last:
                self._note(root, bracket, rung, notes[_key(rung)])
                rung += 1

    def _bracket_of(self, study_name: str, place: int) -> int:
        slot = binascii.crc32(f"{study_name}_{place}".encode()) % sum(self._shares)
        return next(bracket for bracket in range(len(self._shares)) if slot < sum(self._shares[: bracket + 1]))


def num_hyperband_brackets(last_step: int, *, reduction_factor: int) -> int:
    """How many brackets Hyperband has from the first step to this one."""
    return math.floor(math.log(last_step, reduction_factor)) + 1


def _key(rung: int) -> str:
    return f"completed_rung_{rung}"  # as Optuna's pruners write it
