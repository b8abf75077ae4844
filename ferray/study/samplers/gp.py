"""Gaussian-process Bayesian optimisation."""

from __future__ import annotations

from typing import Annotated, Literal

from optuna.samplers import BaseSampler
from pydantic import Field

from ferray.canonical import added_later
from ferray.registry import Params as BaseParams
from ferray.study.samplers import SamplerFactory
from ferray.study.samplers._stateless_gp import StatelessGPSampler
from ferray.study.samplers._window import Windowed

MOST_TRIALS = 100  # what a fit takes grows with their third power


class Gp(SamplerFactory):
    """Gaussian process over the parameters that every trial has; conditional ones are drawn at random.

    It looks at the best and an even selection of the others, 100 finished trials in all. An ask takes some fifteen
    times as long as TPE's.
    """

    learns_from_others = True

    class Params(BaseParams):
        startup_trials: Annotated[int, Field(ge=1, le=1000)] = 10
        """Random trials before the first that it proposes."""
        first: Literal["middle", "random"] = added_later("middle")
        """The first of them: the middle of every range and the first of every option, or as random as the others."""

    def build(self, seed: int) -> BaseSampler:
        sampler = StatelessGPSampler(seed, n_startup_trials=self.params.startup_trials)
        return Windowed(sampler, MOST_TRIALS)
