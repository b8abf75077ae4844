"""Tree-structured Parzen estimator."""

from __future__ import annotations

from typing import Annotated, Literal

from optuna.samplers import BaseSampler
from pydantic import Field

from ferray.canonical import added_later
from ferray.registry import Params as BaseParams
from ferray.study.samplers import SamplerFactory
from ferray.study.samplers._quick_tpe import QuickTPESampler
from ferray.study.samplers._window import Windowed

MOST_TRIALS = 500


class Tpe(SamplerFactory):
    """Tree-structured Parzen estimator over all parameters together, branch by branch of a conditional space.

    After `MOST_TRIALS` finished trials it looks at so many of them: the best, from which it draws, and an even
    selection of the others, from which it keeps away. `python -m bench.tpe_window` compares its
    proposals with those of the whole record. An ask after 10,000 trials takes as long as after 1,000.
    Source: Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011.
    """

    learns_from_others = True

    class Params(BaseParams):
        startup_trials: Annotated[int, Field(ge=1, le=1000)] = 10
        """Random trials before the first that it proposes."""
        first: Literal["middle", "random"] = added_later("middle")
        """The first of them: the middle of every range and the first of every option, or as random as the others."""
        candidates: Annotated[int, Field(ge=1, le=1000)] = 24
        """Draws of which the most promising is proposed."""

    def build(self, seed: int) -> BaseSampler:
        sampler = QuickTPESampler(
            n_startup_trials=self.params.startup_trials, n_ei_candidates=self.params.candidates, seed=seed
        )
        return Windowed(sampler, MOST_TRIALS)
