"""Whose turn it is to ask: of several drivers of one study, one at a time chooses what comes next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from ferray.study.database import row_locked, swap_in_database
from ferray.study.store import shared_database

TURN_ATTR = "turn"  # on a study: the row that a database gives to one driver at a time


class Turns:
    """A driver's turns to ask. A study in a journal has one driver, whose turn it always is."""

    def __init__(self, study: optuna.Study) -> None:
        self._study = study
        self._row = _row_of(study)
        self._turn = ExitStack()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """No other driver takes a turn in here, or before `end`; waited for where one has it."""
        if self._row is None:
            yield
            return
        with ExitStack() as self._turn:
            self._turn.enter_context(row_locked(self._row, self._study._study_id, TURN_ATTR))
            yield

    def end(self) -> None:
        """Let the next driver choose, before what was chosen is worked out."""
        self._turn.close()


def _row_of(study: optuna.Study) -> RDBStorage | None:
    """The database that gives the row, which is there now; None for a store with one driver."""
    store = shared_database(study)
    if store is not None and TURN_ATTR not in store.get_study_user_attrs(study._study_id):
        swap_in_database(store, study._study_id, TURN_ATTR, {"after": ""})
    return store


class Announced(BaseSampler):
    """Another sampler; `asked` hears of each trial as soon as it is there, before anything is proposed for it."""

    def __init__(self, inner: BaseSampler, asked: Callable[[FrozenTrial], None]) -> None:
        self._inner = inner
        self._asked = asked

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        self._asked(trial)
        self._inner.before_trial(study, trial)

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._inner.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._inner.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self._inner.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self, study: optuna.Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        self._inner.after_trial(study, trial, state, values)

    def reseed_rng(self) -> None:
        self._inner.reseed_rng()
