"""Patience around another pruner."""

from __future__ import annotations

from typing import Annotated, Literal

from optuna.pruners import BasePruner
from pydantic import Field

from ferray.registry import ROOMS
from ferray.registry import Params as BaseParams
from ferray.study.pruners import PrunerFactory, steps_in
from ferray.study.pruners._patience import PatiencePruner


class Patient(PrunerFactory):
    """Stops only a trial that has not improved for `patience_fraction` of its epochs, and only if `wraps` agrees.

    A gain of `min_delta` or less is none.
    """

    class Params(BaseParams):
        wraps: Literal["none", "median", "percentile", "asha", "hyperband"] = "median"
        """The pruner that has to agree."""
        patience_fraction: Annotated[float, Field(ge=0, le=1)] = 0.25
        """Fraction of its epochs that a trial may go without improving."""
        min_delta: Annotated[float, Field(ge=0)] = 0.0
        """What counts as improving."""

    def build(self) -> BasePruner:
        factory = ROOMS["pruner"].load(self.params.wraps)
        inner = None if self.params.wraps == "none" else factory(factory.Params()).build()
        return PatiencePruner(inner, patience=steps_in(self.params.patience_fraction), min_delta=self.params.min_delta)
