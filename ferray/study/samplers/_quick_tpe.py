"""Optuna's TPE, which keeps from one ask to the next what it works out of trials that have ended."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import TPESampler
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator
from optuna.samplers._tpe.sampler import _RELATIVE_PARAMS_KEY, default_gamma
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from ferray.study.samplers._window import number_of, rank_of

SHOWN = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)
_RELATIVE = f"{_RELATIVE_PARAMS_KEY}:0"  # of a trial that has been given a proposal
Row = tuple[float, ...]  # parameters of a trial as Optuna stores them
Space = dict[str, BaseDistribution]


class QuickTPESampler(TPESampler):
    """`TPESampler` over all parameters together, branch by branch, draw for draw; one objective, no constraints.

    For every ask, and every branch of a conditional space, Optuna sorts all trials into good and bad and reads the
    parameters of each. Trials that have ended do not change: here that, and the density of the good ones, is done once
    for all asks between two ends. Those that run are added to the bad ones at each ask (Optuna's constant liar), so
    that of a block of asks each heeds those before it.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs, multivariate=True, group=True, constant_liar=True)
        self._ended: list[FrozenTrial] = []
        self._running: list[FrozenTrial] = []
        self._asked: int | None = None  # the trial that the two lists were read for
        self._told_apart: tuple[list[FrozenTrial], list[FrozenTrial]] = [], []
        self._branches: dict[tuple[tuple[str, BaseDistribution], ...], _Branch] = {}

    def _sample(self, study: Study, trial: FrozenTrial, search_space: Space) -> dict[str, Any]:
        if self._asked != trial.number:
            self._look(study, trial)
        branch = self._branches.setdefault(tuple(search_space.items()), _Branch(search_space))
        if branch.good is None:
            better, worse = (self._rows(branch, study, part) for part in self._told_apart)
            branch.good, branch.bad = self._density(branch, better), worse
        good, bad = branch.good, sorted(branch.bad + self._rows(branch, study, self._running))
        drawn = good.sample(self._rng.rng, self._n_ei_candidates)
        worth = self._compute_acquisition_func(drawn, good, self._density(branch, bad))
        chosen = TPESampler._compare(drawn, worth)
        return {name: kind.to_external_repr(chosen[name]) for name, kind in search_space.items()}

    def sample_relative(self, study: Study, trial: FrozenTrial, search_space: Space) -> dict[str, Any]:
        self._asked = None
        return super().sample_relative(study, trial, search_space)

    def _look(self, study: Study, trial: FrozenTrial) -> None:
        """Read who runs, and tell apart anew who has ended where that has changed since the last ask."""
        shown = study._get_trials(deepcopy=False, states=SHOWN, use_cache=False)
        self._running = [each for each in shown if each.state is TrialState.RUNNING and each.number != trial.number]
        self._asked = trial.number
        ended = [each for each in shown if each.state is not TrialState.RUNNING]
        if len(ended) == len(self._ended) and all(map(operator.is_, ended, self._ended)):
            return
        self._ended, self._told_apart = ended, _told_apart(ended, study.direction)
        for branch in self._branches.values():
            branch.good = None

    def _rows(self, branch: _Branch, study: Study, trials: Sequence[FrozenTrial]) -> list[tuple[int, Row]]:
        read = self._get_params
        return [(each.number, row) for each in trials if (row := branch.row_of(each, read, study)) is not None]

    def _density(self, branch: _Branch, rows: list[tuple[int, Row]]) -> _ParzenEstimator:
        columns = np.array([row for _, row in rows], dtype=float).reshape(-1, len(branch.space)).T
        observed = dict(zip(branch.space, columns, strict=True))
        return _ParzenEstimator(observed, branch.space, self._parzen_estimator_parameters)


def _told_apart(ended: list[FrozenTrial], towards: StudyDirection) -> tuple[list[FrozenTrial], list[FrozenTrial]]:
    """The good and the bad, as Optuna divides them: complete before pruned, those by value, these by how far."""
    sign = -1.0 if towards is StudyDirection.MAXIMIZE else 1.0
    ranked = sorted(ended, key=lambda trial: rank_of(trial, sign))
    num_good = default_gamma(len(ended))
    return sorted(ranked[:num_good], key=number_of), ranked[num_good:]


class _Branch:
    """Parameters that are proposed together: rows of trials, and since the last end the good ones' density.

    A trial that has ended is known by itself, one that runs by how much it says of its parameters: they only get more.
    """

    def __init__(self, space: Space) -> None:
        self.space = space
        self.good: _ParzenEstimator | None = None
        self.bad: list[tuple[int, Row]] = []  # by the number of each trial that has ended
        self._rows: dict[int, tuple[FrozenTrial | tuple[int, bool], Row | None]] = {}

    def row_of(
        self, trial: FrozenTrial, read: Callable[[FrozenTrial, Study], dict[str, Any]], study: Study
    ) -> Row | None:
        """The trial's parameters in the order of the space, read anew where there may be more of them."""
        is_over = trial.state.is_finished()
        said = trial if is_over else (len(trial.params), _RELATIVE in trial.system_attrs)
        former, row = self._rows.get(trial.number, (None, None))
        if former is said or (not is_over and former == said):
            return row
        row = self._row(read(trial, study))
        self._rows[trial.number] = (said, row)
        return row

    def _row(self, params: dict[str, Any]) -> Row | None:
        if not self.space.keys() <= params.keys():
            return None
        return tuple(kind.to_internal_repr(params[name]) for name, kind in self.space.items())
