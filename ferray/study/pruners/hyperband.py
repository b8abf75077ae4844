"""Several brackets of successive halving."""

from __future__ import annotations

from typing import Annotated

from optuna.pruners import BasePruner, HyperbandPruner
from pydantic import Field

from ferray.registry import Params as BaseParams
from ferray.study.pruners import STEPS, PrunerFactory


class Hyperband(PrunerFactory):
    """Successive halving in several brackets, from quick to patient, so that slow starters are not all lost.

    Source: Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", JMLR 2018.
    """

    class Params(BaseParams):
        reduction_factor: Annotated[int, Field(ge=2, le=10)] = 3

    def build(self) -> BasePruner:
        return HyperbandPruner(min_resource=1, max_resource=STEPS, reduction_factor=self.params.reduction_factor)
