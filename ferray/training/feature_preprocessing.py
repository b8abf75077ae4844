"""From rows of features to what a network or an estimator is given. N = rows, D = features."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ferray.config.trial import PixelsConfig
from ferray.data.samples import PackedSamples
from ferray.system.late import late

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:
    torch = late("torch")

CHUNK = 1024  # rows read at a time
LEAST_SPREAD = 1e-6  # relative to the feature's size: one that hardly varies becomes 0, and is not blown up


@dataclass(frozen=True)
class FeatureStatistics:
    """What normalising a feature takes, from the training split: float64 vectors (D,).

    `fill` stands in an empty cell: the median where the feature has empty cells in any split, 0 where it has none.
    """

    fill: NDArray[np.float64]
    shift: NDArray[np.float64]
    spread: NDArray[np.float64]

    @classmethod
    def of_training(cls, config: PixelsConfig, samples: PackedSamples) -> FeatureStatistics:
        """Those of a trial with this training split, empty cells counted as the median of the others."""
        fill = _medians(samples)
        shift, spread = _shift_and_spread(config.normalise, samples, fill)
        return cls(fill, shift, spread)


class FeaturePreprocessing:
    """Rows as they are kept to rows as they are trained on: empty cells filled, each feature normalised.

    `normalise`: z-scores for `backbone` and `train_std`, less the mean for `train_mean`, onto [0, 1] for
    `train_minmax`, as they are for `unit`. A feature that is the same in all of the training split becomes 0.
    """

    def __init__(self, statistics: FeatureStatistics) -> None:
        self.statistics = statistics
        self._fill, self._shift, self._spread = (
            torch.from_numpy(vector) for vector in (statistics.fill, statistics.shift, statistics.spread)
        )

    @classmethod
    def of_training(cls, config: PixelsConfig, samples: PackedSamples) -> FeaturePreprocessing:
        """Those of a trial with this training split."""
        return cls(FeatureStatistics.of_training(config, samples))

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> FeaturePreprocessing:
        """Those of a best.pt."""
        return cls(
            FeatureStatistics(*(np.asarray(state[name], dtype=np.float64) for name in ("fill", "shift", "spread")))
        )

    def to_json(self) -> dict[str, Any]:
        """Plain containers that `from_json` reads back, for best.pt."""
        known = self.statistics
        return {"fill": known.fill.tolist(), "shift": known.shift.tolist(), "spread": known.spread.tolist()}

    @property
    def width(self) -> int:
        """How many features a row has."""
        return len(self.statistics.fill)

    def to(self, device: torch.device) -> FeaturePreprocessing:
        """Itself, with its numbers on the device of the rows."""
        self._fill, self._shift, self._spread = (
            vector.to(device) for vector in (self._fill, self._shift, self._spread)
        )
        return self

    def __call__(self, rows_ND: Tensor) -> Tensor:
        """(N, D) float32 of rows as they are kept; the arithmetic is float64, so that no shift eats small spreads."""
        filled = torch.where(rows_ND.isnan(), self._fill, rows_ND.double())
        return ((filled - self._shift) / self._spread).float()


def num_empty(samples: PackedSamples) -> int:
    """How many cells of this split have no number."""
    return sum(int(np.isnan(rows).sum()) for rows in _raw_chunks(samples))


def _medians(samples: PackedSamples) -> NDArray[np.float64]:
    """The median of the numbers there are, 0 for a feature without any."""
    assert samples.features is not None, "the samples are rows of features"
    medians = np.zeros(samples.features.shape[1])
    for feature in range(len(medians)) if _has_empty(samples) else ():
        column = samples.features[samples.rows, feature].astype(np.float64)
        known = column[~np.isnan(column)]
        medians[feature] = np.median(known) if len(known) else 0.0
    return medians


def _has_empty(samples: PackedSamples) -> bool:
    """Whether any row of the data set lacks a number, in whichever split."""
    assert samples.features is not None, "the samples are rows of features"
    starts = range(0, len(samples.features), CHUNK)
    return any(np.isnan(samples.features[start : start + CHUNK]).any() for start in starts)


def _shift_and_spread(
    normalise: str, samples: PackedSamples, fill: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    zeros, ones = np.zeros(len(fill)), np.ones(len(fill))
    if normalise == "unit":
        return zeros, ones
    if normalise == "train_minmax":
        low = np.min([rows.min(axis=0) for rows in _chunks(samples, fill)], axis=0)
        high = np.max([rows.max(axis=0) for rows in _chunks(samples, fill)], axis=0)
        return low, _no_less(high - low, low)
    mean = sum((rows.sum(axis=0) for rows in _chunks(samples, fill)), start=zeros) / len(samples)
    if normalise == "train_mean":
        return mean, ones
    squares = sum((((rows - mean) ** 2).sum(axis=0) for rows in _chunks(samples, fill)), start=zeros)
    return mean, _no_less(np.sqrt(squares / len(samples)), mean)


def _no_less(spread: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    """The spread, infinite where there is none beside rounding, so that the feature becomes 0."""
    return np.where(spread > LEAST_SPREAD * np.abs(size), spread, math.inf)


def _chunks(samples: PackedSamples, fill: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    for rows in _raw_chunks(samples):
        yield np.where(np.isnan(rows), fill, rows.astype(np.float64))


def _raw_chunks(samples: PackedSamples) -> Iterator[NDArray[np.float32]]:
    assert samples.features is not None, "the samples are rows of features"
    for start in range(0, len(samples), CHUNK):
        yield samples.features[samples.rows[start : start + CHUNK]]
