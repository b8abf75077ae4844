"""`bdr`: Bimodal Distribution Removal. N = samples still in training."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ferray import registry
from ferray.outliers import OutlierRemoval, Removal, SampleLosses

Fraction = Annotated[float, Field(ge=0, le=1)]


class BimodalDistributionRemoval(OutlierRemoval):
    """Drop samples whose error stands k deviations above the others in the upper half of the error distribution.

    A round takes the samples with an error above the mean as the subset and removes those of them with
    error >= mean(subset) + k * std(subset); std is that of the population. Rounds are due every `every` epochs from
    `start_epoch` on, once the start rule has fired, until `max_rounds` are done or the subset's std falls below
    `subset_std_min`.
    Source: Slade and Gedeon, "Bimodal Distribution Removal", IWANN 1993, who look every 50 epochs, start at a variance
    of 0.1, take 0 <= k <= 1 and halt training at a variance of 0.01. The guards are ours.
    """

    class Params(registry.Params):
        """`start`: the first look at `start_epoch` (`epoch`), or the first look from there on at which the variance of
        the errors is at most `start_variance` (`variance`), or has moved by at most `plateau_tolerance` of its mean
        over `plateau_epochs` epochs (`plateau`).

        `error`: cross-entropy, one minus the probability of the label, or cross-entropy scaled to [0, 1] over the
        samples in training. `max_rounds` None: no end. `halt_variance`: a look that finds less ends the training; 0
        never. Guards: the greatest fraction removed in all rounds together, of all samples and of any one class.
        `watch`: score the samples after every epoch for the curve of the variance, not only when a look is due.
        """

        start: Literal["epoch", "variance", "plateau"] = "epoch"
        start_epoch: Annotated[int, Field(ge=1)] = 6
        start_variance: Annotated[float, Field(gt=0)] = 0.1
        plateau_epochs: Annotated[int, Field(ge=2, le=100)] = 3
        plateau_tolerance: Annotated[float, Field(gt=0, le=1)] = 0.05
        every: Annotated[int, Field(ge=1)] = 1
        k: Annotated[float, Field(ge=0, le=5)] = 1.0
        max_rounds: Annotated[int, Field(ge=1)] | None = 1
        error: Literal["ce", "one_minus_p", "minmax_ce"] = "ce"
        halt_variance: Annotated[float, Field(ge=0)] = 0.0
        subset_std_min: Annotated[float, Field(ge=0)] = 0.01
        max_removed_fraction: Fraction = 0.2
        max_removed_fraction_per_class: Fraction = 0.5
        watch: bool = True

    params: Params

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        self._rounds = 0
        self._started = False
        self._ended = False
        self._variances: list[float] = []

    def wants_losses(self, epoch: int) -> bool:
        needed = self.params.start == "plateau" and not self._started
        return self.params.watch or needed or self._is_due(epoch)

    def review(self, epoch: int, losses: SampleLosses) -> Removal:
        """A round when one is due, otherwise the variance alone."""
        if not np.isfinite(losses.losses).all():
            return Removal(frozenset(), losses.losses, math.nan, "a loss is not finite")
        errors = error_measure(losses, self.params.error)
        variance = _variance(errors)
        self._remember(variance)
        if not self._is_due(epoch):
            return Removal(frozenset(), errors, variance)
        self._started = self._started or self._starts(variance)
        if not self._started:
            return Removal(frozenset(), errors, variance, f"the start rule `{self.params.start}` has not fired")
        if variance < self.params.halt_variance:
            self._ended = True
            return Removal(frozenset(), errors, variance, "the variance is below halt_variance", halt_training=True)
        return self._round(losses, errors, variance)

    def state_dict(self) -> dict[str, Any]:
        return {
            "rounds": self._rounds,
            "started": self._started,
            "ended": self._ended,
            "variances": list(self._variances),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._rounds = state["rounds"]
        self._started = state["started"]
        self._ended = state["ended"]
        self._variances = list(state["variances"])

    def _is_due(self, epoch: int) -> bool:
        since_start = epoch - self.params.start_epoch
        return not self._ended and since_start >= 0 and since_start % self.params.every == 0

    def _remember(self, variance: float) -> None:
        self._variances = [*self._variances, variance][-self.params.plateau_epochs :]

    def _starts(self, variance: float) -> bool:
        if self.params.start == "epoch":
            return True
        if self.params.start == "variance":
            return variance <= self.params.start_variance
        recent = self._variances
        spread = max(recent) - min(recent)
        return len(recent) == self.params.plateau_epochs and spread <= self.params.plateau_tolerance * _mean(recent)

    def _round(self, losses: SampleLosses, errors: NDArray[np.float64], variance: float) -> Removal:
        subset = errors[errors > _mean(errors)]
        if not len(subset) or math.sqrt(_variance(subset)) < self.params.subset_std_min:
            self._ended = True
            return Removal(frozenset(), errors, variance, "the subset's std is below subset_std_min")
        self._rounds += 1
        self._ended = self._rounds == self.params.max_rounds
        threshold = _mean(subset) + self.params.k * math.sqrt(_variance(subset))
        candidates = np.flatnonzero(errors >= threshold)
        removed = self._guarded(candidates, losses, errors)
        held_back = len(candidates) - len(removed)
        note = f"guards kept {held_back} of {len(candidates)} candidates" if held_back else ""
        return Removal(removed, errors, variance, note)

    def _guarded(
        self, candidates: NDArray[np.int64], losses: SampleLosses, errors: NDArray[np.float64]
    ) -> frozenset[int]:
        """The candidates that the guards let go, highest error first, equal errors by sample id."""
        initial, kept = losses.initial_counts, np.bincount(losses.labels, minlength=len(losses.initial_counts))
        allowed = _allowance(self.params.max_removed_fraction, sum(initial), int(kept.sum()))
        allowed_in = [
            _allowance(self.params.max_removed_fraction_per_class, before, int(now))
            for before, now in zip(initial, kept, strict=True)
        ]
        removed: list[int] = []
        for position in sorted(candidates, key=lambda p: (-errors[p], losses.sample_ids[p])):
            label = losses.labels[position]
            if len(removed) < allowed and allowed_in[label] > 0:
                allowed_in[label] -= 1
                removed.append(int(losses.sample_ids[position]))
        return frozenset(removed)


def error_measure(losses: SampleLosses, name: Literal["ce", "one_minus_p", "minmax_ce"]) -> NDArray[np.float64]:
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


def _allowance(fraction: float, initial: int, kept: int) -> int:
    # The small term keeps 0.07 * 100 at 7.
    return max(0, math.floor(fraction * initial + 1e-9) - (initial - kept))


def _mean(values: NDArray[np.float64] | list[float]) -> float:
    """The mean, the same bit for bit in any order of values, and never outside their range."""
    if not len(values):
        return 0.0
    return float(min(max(math.fsum(values) / len(values), min(values)), max(values)))


def _variance(values: NDArray[np.float64]) -> float:
    return _mean((values - _mean(values)) ** 2)
