"""What a sampler is shown of a long study, so that a proposal costs the same after 10,000 trials as after 1,000."""

from __future__ import annotations

import bisect
import heapq
import math
import operator
from collections.abc import Container
from dataclasses import dataclass, field
from itertools import compress, count
from typing import Any, cast

from optuna.samplers import BaseSampler
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from ferray.study.samplers._shown import Shown

# TPE takes a tenth of the finished trials, 25 at most, for good ones.
GOOD_FRACTION, MOST_GOOD = 0.1, 25
ENDED_WELL = (TrialState.COMPLETE, TrialState.PRUNED)
UNFINISHED = (TrialState.RUNNING, TrialState.WAITING)


class Windowed(Shown):
    """Another sampler that sees at most `most` finished trials of a study, and every unfinished one.

    It sees as many of the best as TPE takes for good among `most`, in the order by which TPE tells good from bad
    (complete before pruned; those by value, these by how far they came and then by value), and of all finished trials
    every so-many-th counted back from the latest. The even selection leaves the density of the others what it is, old
    and new; keeping more of the good or of the latest would shift it. `only_latest` shows the last ones asked instead,
    for samplers that go on from a state.

    Up to `most` trials it is the other sampler, draw for draw. What is shown depends on the study's record alone.
    """

    def __init__(self, inner: BaseSampler, most: int, *, only_latest: bool = False) -> None:
        super().__init__(inner)
        self._most = most
        self._num_best = 0 if only_latest else min(MOST_GOOD, math.ceil(GOOD_FRACTION * most))
        self._only_latest = only_latest
        self._ended = _Ended()

    def shown_for_space(self, study: Study) -> Study:
        """With one finished trial of each set of parameters: a rare branch may have no other in a window."""
        self._ended.take(_trials(study, *ENDED_WELL), study.direction, self._num_best)
        return window(study, [*self._ended.branches.values(), *_trials(study, *UNFINISHED)])

    def shown(self, study: Study) -> Study:
        ended = self._ended
        ended.take(_trials(study, *ENDED_WELL), study.direction, self._num_best)
        if len(ended.trials) <= self._most:
            return study
        if self._only_latest:
            shown = ended.trials[-self._most :]
        else:
            stride = -(-len(ended.trials) // (self._most - len(ended.best)))
            kept = {trial.number: trial for trial in (*ended.trials[::-1][::stride], *ended.best)}
            shown = list(kept.values())
        return window(study, shown + _trials(study, *UNFINISHED))


@dataclass
class _Ended:
    """Complete and pruned trials in order of number, the best of them, and the first of each set of parameters.

    Kept from ask to ask, as a finished trial never changes.
    """

    trials: list[FrozenTrial] = field(default_factory=list)
    best: list[FrozenTrial] = field(default_factory=list)
    branches: dict[tuple[str, ...], FrozenTrial] = field(default_factory=dict)
    _numbers: set[int] = field(default_factory=set)

    def take(self, ended: list[FrozenTrial], towards: StudyDirection, num_best: int) -> None:
        """Add those of `ended` that are new."""
        if len(ended) == len(self.trials):
            return
        same = next(compress(count(), map(operator.is_not, ended, self.trials)), len(self.trials))
        new = [trial for trial in ended[same:] if trial.number not in self._numbers]
        self._numbers.update(trial.number for trial in new)
        for trial in new:
            bisect.insort(self.trials, trial, key=number_of)
            self.branches.setdefault(tuple(trial.params), trial)
        sign = -1.0 if towards is StudyDirection.MAXIMIZE else 1.0
        self.best = heapq.nsmallest(num_best, self.best + new, key=lambda trial: rank_of(trial, sign))


class Window:
    """A study that holds only some of its trials; everything else is the study's own.

    Optuna's samplers read trials by `get_trials` or, to spare copies, by the private `_get_trials`. Should a later
    version read them by another name, it sees all of them: slower, and nothing else.
    """

    def __init__(self, study: Study, trials: list[FrozenTrial]) -> None:
        self._study = study
        self._shown = trials
        self.direction = study.direction
        self.directions = study.directions

    def get_trials(self, deepcopy: bool = True, states: Container[TrialState] | None = None) -> list[FrozenTrial]:
        """Those shown, in one of the states; never copies, as samplers change none."""
        return [trial for trial in self._shown if states is None or trial.state in states]

    def _get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None, use_cache: bool = False
    ) -> list[FrozenTrial]:
        return self.get_trials(deepcopy, states)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._study, name)


def window(study: Study, trials: list[FrozenTrial]) -> Study:
    """The study with these trials alone, in order of number."""
    # A Study opens its storage when it is made, so that a view of one cannot be a Study.
    return cast("Study", Window(study, sorted(trials, key=number_of)))


def _trials(study: Study, *states: TrialState) -> list[FrozenTrial]:
    # Called on the class: the view that Optuna's Hyperband hands to samplers hides other brackets from this method, but
    # not from the private one that samplers use.
    return Study.get_trials(study, deepcopy=False, states=states)


def number_of(trial: FrozenTrial) -> int:
    """A key that sorts trials as they were asked."""
    number: int = trial.number
    return number


def rank_of(trial: FrozenTrial, sign: float) -> tuple[float, float, float, int]:
    """A key that sorts finished trials as TPE does, the good ones first: complete before pruned, these by how far.

    `sign` is -1 where more is better.
    """
    if trial.state is TrialState.COMPLETE:
        return (0.0, 0.0, sign * float(trial.value or 0.0), trial.number)
    if not trial.intermediate_values:
        return (1.0, 1.0, 0.0, trial.number)
    step, value = max(trial.intermediate_values.items())
    return (1.0, -step, math.inf if math.isnan(value) else sign * value, trial.number)
