"""The room of samplers, each Optuna's own."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler

from ferray.registry import Params


class SamplerFactory(ABC):
    """Builds the Optuna sampler that proposes a study's trials."""

    Params: ClassVar[type[Params]]
    learns_from_others: ClassVar[bool] = False
    """Whether trials of an earlier sweep, which it has not proposed, tell it anything."""

    def __init__(self, params: Any) -> None:
        self.params = params

    @property
    def begins_in_the_middle(self) -> bool:
        """Whether a new study's first trial is the middle of its space, which people put around what they expect."""
        return getattr(self.params, "first", "random") == "middle"

    def create(self, seed: int) -> BaseSampler:
        """`build` without Optuna's notes on which of its parts are experimental."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return self.build(seed)

    @abstractmethod
    def build(self, seed: int) -> BaseSampler:
        """A fresh sampler whose every draw follows from `seed` and the study's history."""
