"""The error of each sample, and its moments, the same bit for bit in any order of samples. N = samples."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ferray.outliers import Removal, SampleLosses

ErrorName = Literal["ce", "one_minus_p", "minmax_ce"]


def error_measure(losses: SampleLosses, name: ErrorName) -> NDArray[np.float64]:
    """The error of each sample (N,): unbounded for `ce`, in [0, 1] for the others; all zero where `minmax_ce` has no
    spread to scale by.
    """
    if name == "one_minus_p":
        return 1.0 - losses.probability
    if name == "ce" or not len(losses.losses):
        return losses.losses
    lowest, highest = losses.losses.min(), losses.losses.max()
    if highest == lowest:
        return np.zeros_like(losses.losses)
    scaled: NDArray[np.float64] = (losses.losses - lowest) / (highest - lowest)
    return scaled


def mean(values: NDArray[np.float64] | list[float]) -> float:
    """The mean, never outside the range of the values; 0 of none."""
    if not len(values):
        return 0.0
    return float(min(max(math.fsum(values) / len(values), min(values)), max(values)))


def variance(values: NDArray[np.float64]) -> float:
    """The variance of the population; 0 of none."""
    return mean((values - mean(values)) ** 2)


def nothing(errors: NDArray[np.float64]) -> Removal:
    """The record of a look that removes no sample; its variance is NaN where an error is not finite."""
    if not np.isfinite(errors).all():
        return Removal(frozenset(), errors, math.nan, "a loss is not finite")
    return Removal(frozenset(), errors, variance(errors))


def highest(errors: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """The positions of the `count` highest errors, fewer where that would part samples of equal error."""
    if count >= len(errors):
        return np.arange(len(errors))
    highest_kept = np.sort(errors)[len(errors) - count - 1]
    return np.flatnonzero(errors > highest_kept)
