"""`none`: backbone and head are trained."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferray import registry
from ferray.errors import ConfigError
from ferray.estimators import Estimator
from ferray.text.commands import command


class NoEstimator(Estimator):
    """No estimator: backbone and head are trained by gradient descent."""

    class Params(registry.Params):
        """Nothing to choose."""

    def fit(
        self,
        features_ND: NDArray[np.float64],
        labels_N: NDArray[np.int64],
        *,
        weights_N: NDArray[np.float64],
        seed: int,
    ) -> None:
        raise ConfigError("the estimator `none` cannot be fitted", f"choose one of `{command('list estimators')}`")

    def log_probabilities(self, features_ND: NDArray[np.float64], num_classes: int) -> NDArray[np.float64]:
        raise ConfigError(
            "the estimator `none` knows no probabilities", f"choose one of `{command('list estimators')}`"
        )

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None: ...
