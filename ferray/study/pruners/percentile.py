"""Stop what is outside the best percentile."""

from __future__ import annotations

from typing import Annotated

from optuna.pruners import BasePruner
from pydantic import Field

from ferray.registry import Params as BaseParams
from ferray.study.pruners import PrunerFactory, steps_in
from ferray.study.pruners._percent import PercentPruner


class Percentile(PrunerFactory):
    """Stops a trial outside the best `keep_percent` of finished trials at the same fraction of their epochs."""

    class Params(BaseParams):
        keep_percent: Annotated[float, Field(gt=0, lt=100)] = 25.0
        """The best so many percent go on."""
        startup_trials: Annotated[int, Field(ge=0, le=1000)] = 5
        """Trials that complete before any is stopped."""
        warmup_fraction: Annotated[float, Field(ge=0, le=1)] = 0.0
        """Fraction of a trial's epochs in which it is not stopped."""

    def build(self) -> BasePruner:
        return PercentPruner(
            self.params.keep_percent,
            startup_trials=self.params.startup_trials,
            warmup_steps=steps_in(self.params.warmup_fraction),
        )
