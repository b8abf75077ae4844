"""Tree-structured Parzen estimator."""

from __future__ import annotations

from typing import Annotated

from optuna.samplers import BaseSampler, TPESampler
from pydantic import Field

from ferray.registry import Params as BaseParams
from ferray.study.samplers import SamplerFactory


class Tpe(SamplerFactory):
    """Tree-structured Parzen estimator over all parameters together, branch by branch of a conditional space.

    Source: Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011.
    """

    class Params(BaseParams):
        startup_trials: Annotated[int, Field(ge=1, le=1000)] = 10
        candidates: Annotated[int, Field(ge=1, le=1000)] = 24

    def build(self, seed: int) -> BaseSampler:
        return TPESampler(
            n_startup_trials=self.params.startup_trials,
            n_ei_candidates=self.params.candidates,
            multivariate=True,
            group=True,
            constant_liar=True,
            seed=seed,
        )
