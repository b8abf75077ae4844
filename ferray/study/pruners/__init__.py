"""The room of pruners, each of which decides as Optuna's own.

Epochs are searched too, so pruners do not count epochs: a trial's own epochs are mapped onto `STEPS` equal steps, and
trials are compared at equal fractions of what each of them was given.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from optuna.exceptions import ExperimentalWarning
from optuna.pruners import BasePruner

from ferray.registry import Params

STEPS = 12  # divisible by 2, 3, 4 and 6, so that short trials land on the same steps as long ones


def step_of(epoch: int, epochs: int) -> int:
    """The step in 0 .. STEPS that a trial has reached after `epoch` of its `epochs`."""
    return STEPS * epoch // epochs


def first_epoch_of(step: int, epochs: int) -> int:
    """The epoch with which a trial of so many reaches `step`; `step_of` the other way round."""
    return -(-step * epochs // STEPS)


def steps_in(fraction: float) -> int:
    """A fraction of a trial as a number of steps."""
    return round(fraction * STEPS)


class PrunerFactory(ABC):
    """Builds the Optuna pruner that decides, at each step a trial reaches, whether it may go on."""

    Params: ClassVar[type[Params]]

    def __init__(self, params: Any) -> None:
        self.params = params

    def create(self) -> BasePruner:
        """`build` without Optuna's notes on which of its parts are experimental."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return self.build()

    @abstractmethod
    def build(self) -> BasePruner: ...
