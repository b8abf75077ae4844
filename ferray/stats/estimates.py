"""A measured score with what it rests on: how many images, seeds or folds, its interval and how that was made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from ferray.stats.clusters import Clusters
from ferray.stats.intervals import NORMAL, Confusion, Interval, folds_interval, uar_interval, wilson_interval
from ferray.stats.macro_f1 import macro_f1_interval

Metric = Literal["accuracy", "uar", "macro_f1"]
METRICS: tuple[Metric, ...] = ("accuracy", "uar", "macro_f1")
METRIC_NAMES: dict[str, str] = {"accuracy": "accuracy", "uar": "UAR", "macro_f1": "macro-F1"}

WILSON = "Wilson"
PRICE_BONETT = "Price-Bonett"
TAKAHASHI = "Takahashi"
OVER_SEEDS = "t over seeds"
SAME_SEEDS = "equal seeds"
AT_THE_MEAN = "Wilson at the mean"
OVER_FOLDS = "corrected t over folds"
ONE_GROUP = "no interval: all images are of one group"

BY_GROUPS = {method: f"{method} over groups" for method in (WILSON, PRICE_BONETT, TAKAHASHI)}

NO_SCATTER = 1e-9  # equal values would give an interval without width

METHODS = {
    WILSON: "score interval of one proportion (Wilson 1927): one model, n images",
    PRICE_BONETT: "interval of a mean of recalls (Price and Bonett 2004): one model, n images",
    TAKAHASHI: "delta method for macro-F1 (Takahashi et al. 2022): one model, n images",
    OVER_SEEDS: "Student's t, one value a seed: how trainings scatter on the same n images, not the draw of images",
    SAME_SEEDS: "all seeds gave one value: the interval of one model on n images stands in",
    AT_THE_MEAN: "Wilson's interval at the mean over seeds, as of one model: the draw of n images, not the trainings",
    OVER_FOLDS: "t with the variance that overlapping training sets have (Nadeau and Bengio 2003)",
    ONE_GROUP: "how people or films differ cannot be seen in one",
}
_EFFECTIVE_N = "come in groups: n / design effect of them (Kish 1965; Rao and Scott 1992), Student's t"
METHODS |= {grouped: f"{METHODS[method]} that {_EFFECTIVE_N}" for method, grouped in BY_GROUPS.items()}


@dataclass(frozen=True)
class Estimate:
    """A score in [0, 1] with its 95 % interval, None where nothing is known of its reach.

    `n`: images behind the value of one seed, those of all folds together. `standard_error` goes with `degrees` of
    freedom, infinite where the interval is normal. `draw_error` is that of the images, where the interval does not
    cover their draw. `num_groups` of people or films are on those images, where the interval goes by them.
    """

    value: float
    n: int | None
    method: str
    interval: Interval | None = None
    standard_error: float | None = None
    draw_error: float = 0.0
    degrees: float = math.inf
    num_seeds: int = 1
    num_folds: int = 0
    num_groups: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain containers."""
        return {
            "value": self.value,
            "interval": list(self.interval) if self.interval else None,
            "method": self.method,
            "n": self.n,
            "seeds": self.num_seeds,
            "folds": self.num_folds,
            "groups": self.num_groups,
        }


def of_confusion(metric: Metric, value: float, confusion: Confusion, clusters: Clusters | None = None) -> Estimate:
    """One model's score with the interval that its confusion matrix, rows being truth, gives it.

    With `clusters` it is that of as many independent images as the groups are worth, with Student's quantile at the
    degrees of freedom that the groups leave; never narrower than without.
    """
    n = round(sum(map(sum, confusion)))
    if clusters is None:
        method, interval = _of_counts(metric, confusion, NORMAL)
        return _of_interval(value, n, method, interval)
    if clusters.number < 2:
        return Estimate(value, n, ONE_GROUP, num_groups=clusters.number)
    found = clusters.effects[metric]
    z, worth = quantile(found.degrees), [[count / found.effect for count in row] for row in confusion]
    method, interval = _of_counts(metric, worth, z)
    error = (interval[1] - interval[0]) / 2 / z
    return Estimate(value, n, BY_GROUPS[method], interval, error, degrees=found.degrees, num_groups=clusters.number)


def _of_counts(metric: Metric, confusion: Confusion, z: float) -> tuple[str, Interval]:
    if metric == "accuracy":
        hits, n = sum(row[i] for i, row in enumerate(confusion)), sum(map(sum, confusion))
        return WILSON, wilson_interval(hits, n, z)
    if metric == "uar":
        return PRICE_BONETT, uar_interval(confusion, z)
    return TAKAHASHI, macro_f1_interval(confusion, z)


def of_fraction(metric: Metric, value: float, n: int | None) -> Estimate:
    """A score as a paper prints it: with an interval only for an accuracy whose number of images is known."""
    if n is None:
        return Estimate(value, None, "no interval: n is not given")
    if metric != "accuracy":
        return Estimate(value, n, "no interval: a mean over classes needs their counts")
    return _of_interval(value, n, WILSON, wilson_interval(round(value * n), n))


def of_mean_recall(right: int, n: int, num_seeds: int) -> Estimate:
    """A recall over seeds that were all judged on the same `n` images, of which `right` were right in all together."""
    recall = right / (n * num_seeds)
    method = WILSON if num_seeds == 1 else AT_THE_MEAN
    return replace(_of_interval(recall, n, method, wilson_interval(recall * n, n)), num_seeds=num_seeds)


def of_seeds(estimates: Sequence[Estimate]) -> Estimate:
    """The mean over two seeds or more, all judged on the same n images, with Student's t interval.

    There is none where the images are of one group: the scatter of seeds does not show how far another group is.
    """
    values, first = [estimate.value for estimate in estimates], estimates[0]
    k, mean = len(values), math.fsum(values) / len(values)
    if first.method == ONE_GROUP:
        return replace(first, value=mean, num_seeds=k)
    error = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (k - 1) / k)
    if error < NO_SCATTER:
        return replace(first, method=SAME_SEEDS, num_seeds=k)
    return Estimate(
        mean,
        first.n,
        OVER_SEEDS,
        t_interval(mean, error, k - 1),
        error,
        draw_error=math.fsum(estimate.standard_error or 0.0 for estimate in estimates) / k,
        degrees=k - 1,
        num_seeds=k,
    )


def of_folds(
    values: Sequence[float], *, num_train: float, num_val: float, n: int | None = None, num_seeds: int = 1
) -> Estimate:
    """The mean over the folds of one seed or of several; `num_train` to `num_val` is a fold's proportion of images."""
    k, mean = len(values), math.fsum(values) / len(values)
    interval = folds_interval(values, num_train=num_train, num_val=num_val)
    found = Estimate(mean, n, OVER_FOLDS, degrees=k - 1, num_seeds=num_seeds, num_folds=k // num_seeds)
    if interval is None:
        return replace(found, method="no interval: one fold", degrees=math.inf)
    error = (interval[1] - interval[0]) / 2 / quantile(k - 1)
    if error < NO_SCATTER:
        return replace(found, method="no interval: all folds alike")
    return replace(found, interval=t_interval(mean, error, k - 1), standard_error=error)


def t_interval(center: float, standard_error: float, degrees: float, *, low: float = 0.0) -> Interval:
    """Student's 95 % interval, cut off where a score, or with `low` -1 a difference of scores, cannot be."""
    reach = quantile(degrees) * standard_error
    return max(low, center - reach), min(1.0, center + reach)


def quantile(degrees: float) -> float:
    """The 97.5 % point of Student's t; of the normal distribution where the degrees of freedom are infinite."""
    from scipy.stats import t  # here, for the leaderboard of a plain sweep does without

    return float(t.ppf(0.975, degrees))


def _of_interval(value: float, n: int, method: str, interval: Interval) -> Estimate:
    return Estimate(value, n, method, interval, (interval[1] - interval[0]) / 2 / quantile(math.inf))
