"""`wilcoxon`: the paired test between folds."""

from __future__ import annotations

from typing import Annotated

from optuna.pruners import BasePruner, WilcoxonPruner
from pydantic import Field

from ferray import registry
from ferray.study.pruners import PrunerFactory


class Wilcoxon(PrunerFactory):
    """Between folds: stop a trial that a signed-rank test finds worse than the best one, fold by fold.

    Needs `folds`. The same fold is the same images in every trial, so folds are compared in pairs. With k folds the
    smallest p-value is 0.5 ** k: five folds cannot stop a trial before the fourth at a threshold of 0.1.
    Source: Optuna's WilcoxonPruner.
    """

    class Params(registry.Params):
        p_threshold: Annotated[float, Field(gt=0, lt=1)] = 0.1
        """A smaller p-value stops the trial."""
        startup_folds: Annotated[int, Field(ge=1, le=50)] = 2
        """No trial is stopped before it has ended so many folds."""

    params: Params

    def build(self) -> BasePruner:
        return WilcoxonPruner(p_threshold=self.params.p_threshold, n_startup_steps=self.params.startup_folds)
