"""Whether two scores differ by more than chance: of two systems, of arms run with the same seeds, of printed rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

from ferray.stats.estimates import NO_SCATTER, OVER_FOLDS, OVER_SEEDS, WILSON, Estimate, of_folds, t_interval
from ferray.stats.intervals import Interval

NEWCOMBE = "Newcombe"
WELCH = "Welch"
ONE_SIDED = "ours alone"
FEWEST_FOR_WILCOXON = 6  # below, no outcome of the test can reach p < 0.05

METHODS = {
    NEWCOMBE: "difference of two proportions from their score intervals (Newcombe 1998, method 10)",
    WELCH: "normal difference with Welch's degrees of freedom, of the scatter over seeds and the draw of images",
    ONE_SIDED: "the reach of the paper's number is not known, so it is taken as exact",
}


@dataclass(frozen=True)
class Difference:
    """First minus second, in [-1, 1], with its 95 % interval. `p` is two-sided, None where no test was asked.

    `p` is Wilcoxon's, or of the test that gave the interval where that is `seeds_and_images.paired`. Of that one
    `seed_error` is the standard error on these images, `draw_error` the one that is left with any number of seeds.
    """

    value: float
    interval: Interval | None
    method: str
    num_pairs: int = 0
    p: float | None = None
    seed_error: float | None = None
    draw_error: float | None = None

    @property
    def is_beyond_noise(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.interval is not None and not self.interval[0] <= 0 <= self.interval[1]

    def to_json(self) -> dict[str, Any]:
        """Plain containers."""
        interval = list(self.interval) if self.interval else None
        return {
            "value": self.value,
            "interval": interval,
            "method": self.method,
            "pairs": self.num_pairs,
            **({"wilcoxon_p": self.p} if self.draw_error is None else self._crossed()),
        }

    def _crossed(self) -> dict[str, Any]:
        return {"p": self.p, "seed_error": self.seed_error, "draw_error": self.draw_error}


def difference(ours: Estimate, theirs: Estimate) -> Difference:
    """Ours minus theirs, as of two systems judged on images of their own.

    Two proportions: Newcombe's interval. Else a normal one whose variance is the sum of both, for seeds judged on the
    same images that of their draw added, and whose degrees of freedom are Satterthwaite's; where theirs has no
    interval, it counts as exact.
    Source: Newcombe, "Interval estimation for the difference between independent proportions: comparison of eleven
    methods", Statistics in Medicine 17 (1998) 873-890, method 10; Welch, Biometrika 34 (1947) 28-35.
    """
    value = ours.value - theirs.value
    if ours.standard_error is None:
        return Difference(value, None, "no interval of ours")
    if theirs.standard_error is None:
        exact = replace(theirs, standard_error=0.0)
        return replace(difference(ours, exact), method=ONE_SIDED)
    if ours.method == theirs.method == WILSON:
        return Difference(value, _newcombe(ours, theirs), NEWCOMBE)
    errors = [(each.standard_error or 0.0, each.degrees) for each in (ours, theirs)]
    errors += [(each.draw_error, math.inf) for each in (ours, theirs)]
    variance = math.fsum(error**2 for error, _ in errors)
    scatter = math.fsum(error**4 / degrees for error, degrees in errors)
    degrees = variance**2 / scatter if scatter else math.inf
    return Difference(value, t_interval(value, math.sqrt(variance), degrees, low=-1.0), WELCH)


def _newcombe(ours: Estimate, theirs: Estimate) -> Interval:
    assert ours.interval is not None
    assert theirs.interval is not None
    value = ours.value - theirs.value
    below = math.hypot(ours.value - ours.interval[0], theirs.interval[1] - theirs.value)
    above = math.hypot(ours.interval[1] - ours.value, theirs.value - theirs.interval[0])
    return value - below, value + above


def paired_seeds(first: Sequence[float], second: Sequence[float]) -> Difference:
    """The mean of first minus second over seeds that both share, in order, with Student's t interval.

    Wilcoxon's signed-rank p is given from six pairs on. A single pair has no interval.
    """
    gaps = [a - b for a, b in zip(first, second, strict=True)]
    k, mean = len(gaps), math.fsum(gaps) / len(gaps)
    if k < 2:
        return Difference(mean, None, "no interval: one pair", k)
    error = math.sqrt(math.fsum((gap - mean) ** 2 for gap in gaps) / (k - 1) / k)
    if error < NO_SCATTER:
        return Difference(mean, None, "no interval: all pairs differ alike", k)
    return Difference(mean, t_interval(mean, error, k - 1, low=-1.0), f"paired {OVER_SEEDS}", k, _wilcoxon(gaps))


def paired_folds(first: Sequence[float], second: Sequence[float], *, num_train: float, num_val: float) -> Difference:
    """The mean of first minus second over the same folds, with the interval of Nadeau and Bengio.

    No Wilcoxon: folds overlap in their training images, and that test takes pairs for independent.
    """
    gaps = [a - b for a, b in zip(first, second, strict=True)]
    found = of_folds(gaps, num_train=num_train, num_val=num_val)
    if found.standard_error is None:
        return Difference(found.value, None, found.method, len(gaps))
    interval = t_interval(found.value, found.standard_error, found.degrees, low=-1.0)
    return Difference(found.value, interval, f"paired {OVER_FOLDS}", len(gaps))


def holm(ps: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order of `ps`: that any below 0.05 is a false one has a chance of 5 % at most.

    Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979)
    65-70.
    """
    adjusted, highest = [0.0] * len(ps), 0.0
    for rank, index in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[index]))
        adjusted[index] = highest
    return adjusted


def _wilcoxon(gaps: Sequence[float]) -> float | None:
    if len(gaps) < FEWEST_FOR_WILCOXON:
        return None
    from scipy.stats import wilcoxon  # here, for who reads a sweep does without

    return float(wilcoxon(gaps).pvalue)


@dataclass(frozen=True)
class ProportionTest:
    """Whether two printed accuracies differ by more than their numbers of images allow; `z` and two-sided `p`."""

    z: float
    p: float

    @property
    def is_noise(self) -> bool:
        """Whether p reaches 0.05."""
        return self.p >= 0.05


def two_proportions(first: float, num_first: int, second: float, num_second: int) -> ProportionTest:
    """The z test of two proportions with a pooled variance, `second` minus `first`.

    It takes the images for two draws. Two systems judged on the same images call for McNemar's test, which needs each
    image's answers, and those no paper prints. Source: Fleiss, Levin and Paik, "Statistical Methods for Rates and
    Proportions", 3rd edition (2003), section 3.1, without continuity correction.
    """
    pooled = (first * num_first + second * num_second) / (num_first + num_second)
    error = math.sqrt(pooled * (1 - pooled) * (1 / num_first + 1 / num_second))
    if error == 0:
        return ProportionTest(0.0, 1.0)
    z = (second - first) / error
    return ProportionTest(z, 2 * NormalDist().cdf(-abs(z)))
