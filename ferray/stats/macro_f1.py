"""How far a measured macro-F1 may lie from the true one. C = classes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ferray.stats.intervals import NORMAL, Confusion, Interval


def macro_f1_interval(confusion: Confusion, z: float = NORMAL) -> Interval:
    """95 % interval of macro-F1 over the classes that are present, rows being truth; (0, 1) where there are none.

    Be p the confusion matrix as shares of n images, D_i the sum of its row and column i, and F_i = 2 p_ii / D_i. The
    mean of F over m classes has the slope ([i = j] 2 / D_i - F_i / D_i - F_j / D_j) / m in p_ij, without the terms of
    absent classes, and the variance of that slope over the n images, divided by n, is that of the mean. Where classes
    are small or nearly all is right, this alone is too narrow (10 of 10 right in each class would leave no doubt), so
    2/m hits and 2/m misses are added to each class first. Drawn at random with seven classes of 3 to 6 images, or ten
    images and 97 % right, it covers the truth in 93 and 98 % of cases, without the added counts in 89 and 87 %.
    Sources: Takahashi, Yamamoto, Kuchiba and Koyama, "Confidence interval for micro-averaged F1 and macro-averaged F1
    scores", Applied Intelligence 52 (2022) 4961-4972, for the slope; the added counts are those of `uar_interval`.
    """
    counts_CC = np.asarray(confusion, dtype=np.float64).reshape(len(confusion), -1)
    present_C = counts_CC.sum(axis=1) > 0
    if not present_C.any():
        return 0.0, 1.0
    counts_CC = _shrunk(counts_CC, present_C)
    n, m = float(counts_CC.sum()), int(present_C.sum())
    both_C = np.where(present_C, counts_CC.sum(axis=0) + counts_CC.sum(axis=1), np.inf) / n
    f1_C = 2 * counts_CC.diagonal() / n / both_C
    slope_CC = np.diag(2 / both_C) - (f1_C / both_C)[:, None] - (f1_C / both_C)[None, :]
    share_CC = counts_CC / n
    variance = float((share_CC * slope_CC**2).sum() - (share_CC * slope_CC).sum() ** 2)
    center = float(f1_C.sum()) / m
    reach = z * math.sqrt(max(0.0, variance) / n) / m
    return max(0.0, center - reach), min(1.0, center + reach)


def _shrunk(counts_CC: NDArray[np.float64], present_C: NDArray[np.bool_]) -> NDArray[np.float64]:
    """2/m hits and 2/m misses more for each present class, its misses spread evenly over the other present ones."""
    m = int(present_C.sum())
    pairs_CC = np.outer(present_C, present_C).astype(np.float64)
    hits_CC = np.diag(np.diag(pairs_CC))
    misses_CC = (pairs_CC - hits_CC) / max(1, m - 1)
    shrunk: NDArray[np.float64] = counts_CC + (hits_CC + misses_CC) * 2 / m
    return shrunk
