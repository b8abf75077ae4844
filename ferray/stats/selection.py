"""What choosing the best of many does to its score: luck, ranks, and what fewer trials would have found.

k = trials, B = bins of their values, G = points of a grid of true scores.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ferray.stats.intervals import Interval

NUM_STEPS = 200  # of the EM algorithm; 1,000 change nothing that is printed
MOST_BINS = 400
LEVEL = 0.05

Values = NDArray[np.float64]


@cache
def expected_maximum(count: int) -> float:
    """The mean of the largest of so many independent standard normal draws, right to five digits."""
    normal, points = NormalDist(), np.linspace(-9.0, 9.0, 3601)
    below, density = (np.array([function(point) for point in points]) for function in (normal.cdf, normal.pdf))
    return float(np.trapezoid(points * count * density * below ** (count - 1), points))


def worth_of_best(values: Sequence[float], error: float) -> float:
    """What the highest value is worth once it is known that it was chosen, each having a normal `error` of its own.

    The posterior mean of its true score, which allows for the choice, as a posterior does not depend on why it is
    looked at. The distribution of the true scores is not assumed to have a shape (those of a search have a long lower
    tail): it is the nonparametric maximum likelihood estimate from the k - 1 others, by the EM algorithm, and, by one
    part in k, that the best is like none of them. Where it takes part in the estimate itself, it vouches for itself,
    and about a fifth of its luck is overlooked.
    Sources: Kiefer and Wolfowitz, Annals of Mathematical Statistics 27 (1956) 887-906; Efron, "Tweedie's formula and
    selection bias", JASA 106 (2011) 1602-1614; Ferguson, Annals of Statistics 1 (1973) 209-230, for the one part in k.
    """
    *others, best = sorted(values)
    low = min(values)
    if error <= 0 or best - low < 1e-12:
        return best
    low, high = min(low, best - 3 * error), best + 3 * error
    grid_G = np.linspace(low, high, int(min(MOST_BINS, max(80, 4 * (high - low) / error))))
    alike_G = _true_scores(np.asarray(others), error, grid_G)
    alone_G = np.exp(-0.5 * ((grid_G - best) / (2 * error)) ** 2)
    weights_G = len(others) * alike_G + alone_G / alone_G.sum()
    posterior_G = weights_G * np.exp(-0.5 * ((grid_G - best) / error) ** 2)
    return min(best, float(posterior_G @ grid_G / posterior_G.sum()))


def _true_scores(values_k: Values, error: float, grid_G: Values) -> Values:
    """The distribution (G,) of true scores under which values with this error are likeliest."""
    centers_B, sizes_B = _binned(values_k)
    likelihood_BG = np.exp(-0.5 * ((centers_B[:, None] - grid_G) / error) ** 2) + 1e-300
    weights_G = np.full(len(grid_G), 1 / len(grid_G))
    for _ in range(NUM_STEPS):
        weights_G = weights_G * (likelihood_BG.T @ (sizes_B / (likelihood_BG @ weights_G))) / sizes_B.sum()
    return weights_G


def _binned(values_k: Values) -> tuple[Values, Values]:
    """Distinct values in order with how often each occurs; of very many, the centres of narrow bins."""
    distinct, counts = np.unique(values_k, return_counts=True)
    if len(distinct) <= MOST_BINS:
        return distinct, counts.astype(np.float64)
    sizes, edges = np.histogram(values_k, bins=MOST_BINS)
    centers = (edges[:-1] + edges[1:]) / 2
    return centers[sizes > 0], sizes[sizes > 0].astype(np.float64)


def rank_intervals(values: Sequence[float], error: float) -> list[tuple[int, int]]:
    """The ranks, 1 for the highest, that each trial may truly have, at 95 % for each trial.

    `error` is that of one value apart from what all share. A rank counts the trials whose difference to this one is
    beyond the noise, the 5 % divided among all those differences (Bonferroni).
    Source: Mogstad, Romano, Shaikh and Wilhelm, "Inference for Ranks with Applications to Mobility across Neighborhoods
    and Academic Achievement across Countries", Review of Economic Studies 91 (2024) 476-518.
    """
    count = len(values)
    if count < 2:
        return [(1, 1)] * count
    reach = NormalDist().inv_cdf(1 - LEVEL / 2 / (count - 1)) * error * math.sqrt(2)
    values_k = np.asarray(values, dtype=np.float64)
    sorted_k = np.sort(values_k)
    num_above = count - np.searchsorted(sorted_k, values_k + reach, side="right")
    num_below = np.searchsorted(sorted_k, values_k - reach, side="left")
    return [(int(above) + 1, count - int(below)) for above, below in zip(num_above, num_below, strict=True)]


@dataclass(frozen=True)
class ExpectedBest:
    """The best of `budget` trials: its mean, and the interval in which 95 % of searches of this budget end."""

    budget: int
    value: float
    interval: Interval


def expected_best(values: Sequence[float], budgets: Sequence[int]) -> list[ExpectedBest]:
    """What the highest of n trials would be on average, drawn at random and with replacement from those that were run.

    Source: Dodge, Gururangan, Card, Schwartz and Smith, "Show Your Work: Improved Reporting of Experimental Results",
    EMNLP-IJCNLP 2019, equation 6.
    """
    sorted_k = np.sort(np.asarray(values, dtype=np.float64))
    shares = np.arange(len(sorted_k) + 1) / len(sorted_k)
    found = []
    for budget in budgets:
        reached = shares**budget  # the chance that the best is at most this one
        low, high = (sorted_k[np.searchsorted(reached[1:], share)] for share in (LEVEL / 2, 1 - LEVEL / 2))
        found.append(ExpectedBest(budget, float(np.diff(reached) @ sorted_k), (float(low), float(high))))
    return found
