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
        start: Literal["epoch", "variance", "plateau"] = "epoch"
        """Which look begins: that of an epoch, or one that finds little variance, or a variance that has come to rest.

        `epoch`: the first look at `start_epoch`; `variance`: the first from there on at which the variance of the
        errors is at most `start_variance`; `plateau`: the first at which it has moved by at most `plateau_tolerance`
        of its mean over `plateau_epochs`.
        """
        start_epoch: Annotated[int, Field(ge=1)] = 6
        """No look before the end of this epoch."""
        start_variance: Annotated[float, Field(gt=0)] = 0.1
        """Variance at which `variance` begins."""
        plateau_epochs: Annotated[int, Field(ge=2, le=100)] = 3
        """Epochs that `plateau` looks back over."""
        plateau_tolerance: Annotated[float, Field(gt=0, le=1)] = 0.05
        """How much of its mean the variance may move, for `plateau`."""
        every: Annotated[int, Field(ge=1)] = 1
        """Epochs from one look to the next."""
        k: Annotated[float, Field(ge=0, le=5)] = 1.0
        """Standard deviations above the subset's mean at which a sample goes."""
        max_rounds: Annotated[int, Field(ge=1)] | None = 1
        """How many rounds at most; null is no end."""
        error: ErrorName = "ce"
        """Cross-entropy, one minus the label's probability, or cross-entropy scaled to [0, 1] over all in training."""
        halt_variance: Annotated[float, Field(ge=0)] = 0.0
        """A look that finds less variance ends the training; 0 never does."""
        subset_std_min: Annotated[float, Field(ge=0)] = 0.01
        """Rounds end when the subset's standard deviation falls below this."""
        watch: bool = True
        """Score the samples after every epoch, for the curve of the variance."""

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
