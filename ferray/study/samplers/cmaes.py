"""Covariance matrix adaptation."""

from __future__ import annotations

from typing import Annotated, Literal

from optuna.samplers import BaseSampler, CmaEsSampler, RandomSampler
from pydantic import Field

from ferray.canonical import added_later
from ferray.registry import Params as BaseParams
from ferray.study.samplers import SamplerFactory
from ferray.study.samplers._window import Windowed

MOST_TRIALS = 200  # many generations; what it has learnt of earlier ones is in the state it goes on from


class Cmaes(SamplerFactory):
    """CMA-ES over the numeric parameters that every trial has; categorical and conditional ones are drawn at random.

    Source: Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772.
    """

    class Params(BaseParams):
        startup_trials: Annotated[int, Field(ge=1, le=1000)] = 5
        """Random trials before the first that it proposes."""
        first: Literal["middle", "random"] = added_later("middle")
        """The first of them: the middle of every range and the first of every option, or as random as the others."""

    def build(self, seed: int) -> BaseSampler:
        sampler = CmaEsSampler(
            n_startup_trials=self.params.startup_trials,
            independent_sampler=RandomSampler(seed=seed),
            warn_independent_sampling=False,
            consider_pruned_trials=True,
            seed=seed,
        )
        return Windowed(sampler, MOST_TRIALS, only_latest=True)
