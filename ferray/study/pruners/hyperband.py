"""Several brackets of successive halving."""

from __future__ import annotations

from typing import Annotated

from optuna.pruners import BasePruner
from pydantic import Field

from ferray.registry import Params as BaseParams
from ferray.study.pruners import STEPS, PrunerFactory
from ferray.study.pruners._halving import HalvingPruner, num_hyperband_brackets


class Hyperband(PrunerFactory):
    """Successive halving in several brackets, from quick to patient, so that slow starters are not all lost.

    Source: Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", JMLR 2018.
    """

    class Params(BaseParams):
        reduction_factor: Annotated[int, Field(ge=2, le=10)] = 3
        """One in so many goes on at each rung."""

    def build(self) -> BasePruner:
        factor = self.params.reduction_factor
        num_brackets = num_hyperband_brackets(STEPS, reduction_factor=factor)
        return HalvingPruner(first_step=1, reduction_factor=factor, num_brackets=num_brackets)
