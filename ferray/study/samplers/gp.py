"""Gaussian-process Bayesian optimisation."""

from __future__ import annotations

from typing import Annotated

from optuna.samplers import BaseSampler, GPSampler, RandomSampler
from pydantic import Field

from ferray.registry import Params as BaseParams
from ferray.study.samplers import SamplerFactory


class Gp(SamplerFactory):
    """Gaussian process over the parameters that every trial has; conditional ones are drawn at random."""

    class Params(BaseParams):
        startup_trials: Annotated[int, Field(ge=1, le=1000)] = 10

    def build(self, seed: int) -> BaseSampler:
        return GPSampler(
            n_startup_trials=self.params.startup_trials,
            independent_sampler=RandomSampler(seed=seed),
            warn_independent_sampling=False,
            seed=seed,
        )
