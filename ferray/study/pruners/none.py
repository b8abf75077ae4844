"""No pruning."""

from __future__ import annotations

from optuna.pruners import BasePruner, NopPruner

from ferray.registry import Params as BaseParams
from ferray.study.pruners import PrunerFactory


class NoPruning(PrunerFactory):
    """Lets every trial run to its end."""

    class Params(BaseParams):
        pass

    def build(self) -> BasePruner:
        return NopPruner()
