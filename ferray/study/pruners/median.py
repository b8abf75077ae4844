"""Stop what is worse than the median."""

from __future__ import annotations

from typing import Annotated

from optuna.pruners import BasePruner
from pydantic import Field

from ferray.registry import Params as BaseParams
from ferray.study.pruners import PrunerFactory, steps_in
from ferray.study.pruners._percent import PercentPruner


class Median(PrunerFactory):
    """Stops a trial whose best value is worse than the median of finished ones at the same fraction of their epochs."""

    class Params(BaseParams):
        startup_trials: Annotated[int, Field(ge=0, le=1000)] = 5
        """Trials that complete before any is stopped."""
        warmup_fraction: Annotated[float, Field(ge=0, le=1)] = 0.0
        """Fraction of a trial's epochs in which it is not stopped."""

    def build(self) -> BasePruner:
        warmup_steps = steps_in(self.params.warmup_fraction)
        return PercentPruner(50.0, startup_trials=self.params.startup_trials, warmup_steps=warmup_steps)
