"""Gaussian-process Bayesian optimisation."""

from __future__ import annotations

from typing import Annotated, Literal

from optuna.samplers import BaseSampler, GPSampler, RandomSampler
from pydantic import Field

from ferray.canonical import added_later
from ferray.registry import Params as BaseParams
from ferray.study.samplers import SamplerFactory
from ferray.study.samplers._window import Windowed

MOST_TRIALS = 200  # its cost grows with their third power


class Gp(SamplerFactory):
    """Gaussian process over the parameters that every trial has; conditional ones are drawn at random.

    For trials that take minutes: an ask takes a second. It looks at the best and an even selection of the others, 200
    finished trials in all.
    """

    learns_from_others = True

    class Params(BaseParams):
        startup_trials: Annotated[int, Field(ge=1, le=1000)] = 10
        """Random trials before the first that it proposes."""
        first: Literal["middle", "random"] = added_later("middle")
        """The first of them: the middle of every range and the first of every option, or as random as the others."""

    def build(self, seed: int) -> BaseSampler:
        sampler = GPSampler(
            n_startup_trials=self.params.startup_trials,
            independent_sampler=RandomSampler(seed=seed),
            warn_independent_sampling=False,
            seed=seed,
        )
        return Windowed(sampler, MOST_TRIALS)
