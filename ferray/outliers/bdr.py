"""`bdr`: Bimodal Distribution Removal. N = samples still in training."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from ferray.outliers import OutlierRemoval, Removal, SampleLosses
from ferray.outliers._errors import ErrorName, error_measure, mean, nothing, variance
from ferray.outliers._guards import GuardParams, let_go


class BimodalDistributionRemoval(OutlierRemoval):
    """Drop samples whose error stands k deviations above the others in the upper half of the error distribution.

    A round takes the samples with an error above the mean as the subset and removes those of them with
    error >= mean(subset) + k * std(subset); std is that of the population. Rounds are due every `every` epochs from
    `start_epoch` on, once the start rule has fired, until `max_rounds` are done or the subset's std falls below
    `subset_std_min`; the looks for `halt_variance` go on after the last round.
    Source: Slade and Gedeon, "Bimodal Distribution Removal", IWANN 1993, who look every 50 epochs, start at a variance
    of 0.1, take 0 <= k <= 1 and halt training at a variance of 0.01. The guards are ours.
    """

    class Params(GuardParams):
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
        error: ErrorName = "ce"
        halt_variance: Annotated[float, Field(ge=0)] = 0.0
        subset_std_min: Annotated[float, Field(ge=0)] = 0.01
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
            return nothing(losses.losses)
        errors = error_measure(losses, self.params.error)
        look = nothing(errors)
        self._remember(look.variance)
        if not self._is_due(epoch):
            return look
        self._started = self._started or self._starts(look.variance)
        if not self._started:
            return replace(look, note=f"the start rule `{self.params.start}` has not fired")
        if look.variance < self.params.halt_variance:
            return replace(look, note="the variance is below halt_variance", halt_training=True)
        return look if self._ended else self._round(losses, look)

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
        looks_on = not self._ended or self.params.halt_variance > 0
        return looks_on and since_start >= 0 and since_start % self.params.every == 0

    def _remember(self, found: float) -> None:
        self._variances = [*self._variances, found][-self.params.plateau_epochs :]

    def _starts(self, found: float) -> bool:
        if self.params.start == "epoch":
            return True
        if self.params.start == "variance":
            return found <= self.params.start_variance
        recent = self._variances
        spread = max(recent) - min(recent)
        return len(recent) == self.params.plateau_epochs and spread <= self.params.plateau_tolerance * mean(recent)

    def _round(self, losses: SampleLosses, look: Removal) -> Removal:
        errors = look.errors
        in_subset = errors > mean(errors)
        subset = errors[in_subset]
        std = math.sqrt(variance(subset))
        if not len(subset) or std < self.params.subset_std_min:
            self._ended = True
            return replace(look, note="the subset's std is below subset_std_min")
        self._rounds += 1
        self._ended = self._rounds == self.params.max_rounds
        # Of a subset of two, k = 1 always takes the higher one; rounding must not save it.
        threshold = (mean(subset) + self.params.k * std) * (1 - 1e-12)
        candidates = np.flatnonzero(in_subset & (errors >= threshold))
        removed, note = let_go(candidates, losses, errors, self.params)
        return replace(look, sample_ids=removed, note=note)
