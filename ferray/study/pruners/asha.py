"""Asynchronous successive halving."""

from __future__ import annotations

from typing import Annotated

from optuna.pruners import BasePruner
from pydantic import Field

from ferray.registry import Params as BaseParams
from ferray.study.pruners import STEPS, PrunerFactory, steps_in
from ferray.study.pruners._halving import HalvingPruner


class Asha(PrunerFactory):
    """Asynchronous successive halving: at each rung only the best 1/reduction_factor of the trials seen there go on.

    `first_rung_fraction` of a trial's epochs is its first rung. Source: Li et al., "A System for Massively Parallel
    Hyperparameter Tuning", MLSys 2020.
    """

    class Params(BaseParams):
        reduction_factor: Annotated[int, Field(ge=2, le=10)] = 3
        """One in so many goes on at each rung."""
        first_rung_fraction: Annotated[float, Field(ge=1 / STEPS, le=1)] = 1 / STEPS
        """Fraction of a trial's epochs at which the first rung is."""

    def build(self) -> BasePruner:
        first_step = steps_in(self.params.first_rung_fraction)
        return HalvingPruner(first_step=first_step, reduction_factor=self.params.reduction_factor)
