from __future__ import annotations

import numpy as np
import pytest

from ferray.errors import ConfigError
from ferray.estimators.none import NoEstimator


def test_cannot_be_fitted() -> None:
    with pytest.raises(ConfigError, match="cannot be fitted"):
        NoEstimator(NoEstimator.Params()).fit(np.zeros((2, 1)), np.zeros(2, int), weights_N=np.ones(2), seed=0)


def test_has_no_probabilities() -> None:
    with pytest.raises(ConfigError, match="no probabilities"):
        NoEstimator(NoEstimator.Params()).log_probabilities(np.zeros((2, 1)), 7)
