"""Finalists of a sweep over their seeds, and what parts two of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from ferray.stats.intervals import Interval

LEVEL = 0.05

Verdict = Literal["better", "worse", "not distinguishable"]


@dataclass(frozen=True)
class Finalist:
    """One recipe over its seeds: `values` run parallel to `seeds`, each the score of one training on all `n` images.

    `name` is the arm's, such as `trial-17` or `baseline`; `trial` its number in the sweep that it was chosen from, None
    for a baseline from elsewhere; `validation` the objective that it was chosen by there. `num_lost` trainings of it
    diverged or failed and have no value. `interval` is the 95 % one of the mean, over seeds and images, `sd` the
    standard deviation over seeds, None for one. `num_groups` people or films are on the images, None where the interval
    takes these for independent.
    """

    name: str
    trial: int | None
    recipe: str
    seeds: tuple[int, ...]
    values: tuple[float, ...]
    n: int
    mean: float
    sd: float | None
    interval: Interval | None
    validation: float | None = None
    num_lost: int = 0
    num_groups: int | None = None

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Finalist:
        """The inverse of `dataclasses.asdict`, also after a round trip through JSON; ValueError for no number."""
        lists = {"seeds": tuple(map(int, data["seeds"])), "values": tuple(map(_number, data["values"]))}
        return cls(**{**data, **lists, "mean": _number(data["mean"]), "interval": _interval(data["interval"])})


@dataclass(frozen=True)
class Pair:
    """The first finalist's mean less the second's, over the seeds that both have and the same images.

    `interval` is its 95 % one, by itself; `p` is two-sided, `holm_p` after Holm's correction for all pairs. None where
    one seed alone is shared. `seed_error` is the standard error of the difference on these images, `draw_error` the one
    that is left with any number of seeds; None where they are not known.
    """

    first: str
    second: str
    seeds: int
    difference: float
    interval: Interval | None
    p: float | None
    holm_p: float | None
    seed_error: float | None = None
    draw_error: float | None = None

    @property
    def verdict(self) -> Verdict:
        """What the corrected test says of the first."""
        if self.holm_p is None or self.holm_p >= LEVEL or not self.difference:
            return "not distinguishable"
        return "better" if self.difference > 0 else "worse"

    def turned(self) -> Pair:
        """The same seen from the second."""
        interval = None if self.interval is None else (-self.interval[1], -self.interval[0])
        return replace(self, first=self.second, second=self.first, difference=-self.difference, interval=interval)

    def to_json(self) -> dict[str, Any]:
        """Plain containers, with the verdict."""
        return {**asdict(self), "verdict": self.verdict}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Pair:
        """The inverse of `to_json`, also after a round trip through JSON; ValueError for what is no number."""
        fields = {key: value for key, value in data.items() if key != "verdict"}
        return cls(**{**fields, "difference": _number(data["difference"]), "interval": _interval(data["interval"])})


def _interval(ends: Sequence[Any] | None) -> Interval | None:
    if ends is None:
        return None
    low, high = ends
    return _number(low), _number(high)


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"`{value}` is no number")
    return number
