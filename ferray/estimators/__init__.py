"""The room of estimators: classifiers of scikit-learn over rows of numbers, in the place of backbone and head."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ferray.registry import Params


class Estimator(ABC):
    """Fitted once to the training split; N = samples, D = features, C = classes."""

    Params: ClassVar[type[Params]]

    def __init__(self, params: Any) -> None:
        self.params = params

    def check(self, num_samples: int, num_features: int) -> None:  # noqa: B027 (most estimators take any)
        """Raise ConfigError where it cannot be fitted to so many samples of so many features."""

    @abstractmethod
    def fit(
        self,
        features_ND: NDArray[np.float64],
        labels_N: NDArray[np.int64],
        *,
        weights_N: NDArray[np.float64],
        seed: int,
    ) -> None:
        """Learn; `weights_N` are what the imbalance strategy makes each sample count, 1 on average."""

    @abstractmethod
    def log_probabilities(self, features_ND: NDArray[np.float64], num_classes: int) -> NDArray[np.float64]:
        """(N, C) log-probabilities, minus infinity nowhere; a class that was not in training gets the least."""

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """What was learnt, as tensors and plain containers: a checkpoint of it is read without running code in it."""

    @abstractmethod
    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Be as fitted as the estimator that gave this state, to the last bit of its answers."""
