"""A sampler that knows trials of an earlier sweep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from ferray.study.samplers._window import window


class Informed(BaseSampler):
    """Another sampler that sees, before the trials of a study, the `known` ones, whose numbers are below 0.

    They are older than any trial of the study, so that TPE lets them weigh less the more of its own there are.
    """

    def __init__(self, inner: BaseSampler, known: Sequence[FrozenTrial]) -> None:
        self.inner = inner
        self._known = list(known)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self.inner.infer_relative_search_space(self._with_known(study), trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self.inner.sample_relative(self._with_known(study), trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self.inner.sample_independent(self._with_known(study), trial, param_name, param_distribution)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self.inner.before_trial(study, trial)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        self.inner.after_trial(study, trial, state, values)

    def reseed_rng(self) -> None:
        self.inner.reseed_rng()

    def _with_known(self, study: Study) -> Study:
        return window(study, [*self._known, *Study.get_trials(study, deepcopy=False)])
