"""`aum`: the area under the margin. N = samples still in training."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ferray.outliers import OutlierRemoval, Removal, SampleLosses
from ferray.outliers._errors import highest, nothing
from ferray.outliers._guards import let_go, share_of
from ferray.outliers._rounds import RoundParams, Rounds


class AreaUnderMargin(OutlierRemoval):
    """Drop samples whose margin, averaged over the epochs so far, is low: other classes kept winning over their label.

    The margin is the logit of the label less the largest other logit; the error shown is minus its mean over epochs.
    Source: Pleiss et al., "Identifying Mislabeled Data using the Area Under the Margin Ranking", NeurIPS 2020. There
    margins are taken from the training batches; here from eval mode on unaugmented images after each epoch, as all
    rules see samples. Their threshold samples, given to a class that does not exist, would change the network that is
    trained; the threshold is a fraction or a margin instead. The guards are ours.
    """

    class Params(RoundParams):
        threshold: Literal["fraction", "margin"] = "fraction"
        """A round drops the `fraction` of the samples that has the lowest mean margins, or all below `margin`."""
        fraction: Annotated[float, Field(gt=0, le=1)] = 0.1
        """Of the samples at the start; equal margins go together or stay together."""
        margin: Annotated[float, Field(ge=-100, le=100)] = 0.0
        """Mean margin, in logits, below which a sample goes."""

    params: Params

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        self._rounds = Rounds(params)
        self._epochs = 0
        self._margin_sums: dict[int, float] = {}

    def wants_losses(self, epoch: int) -> bool:
        return self.params.watch or not self._rounds.are_over

    def review(self, epoch: int, losses: SampleLosses) -> Removal:
        """A round when one is due, otherwise the variance alone; an epoch without finite margins is passed over."""
        if not np.isfinite(losses.losses + losses.margin).all():
            return nothing(np.full_like(losses.losses, np.nan))
        errors = -self._mean_margins(losses)
        look = nothing(errors)
        if not self._rounds.is_due(epoch):
            return look
        self._rounds.done += 1
        removed, note = let_go(self._candidates(errors, losses), losses, errors, self.params)
        return replace(look, sample_ids=removed, note=note)

    def state_dict(self) -> dict[str, Any]:
        return {
            "rounds": self._rounds.done,
            "epochs": self._epochs,
            "sample_ids": list(self._margin_sums),
            "margin_sums": list(self._margin_sums.values()),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._rounds.done = state["rounds"]
        self._epochs = state["epochs"]
        self._margin_sums = dict(zip(state["sample_ids"], state["margin_sums"], strict=True))

    def _mean_margins(self, losses: SampleLosses) -> NDArray[np.float64]:
        self._epochs += 1
        margins = zip(losses.sample_ids.tolist(), losses.margin.tolist(), strict=True)
        self._margin_sums = {number: self._margin_sums.get(number, 0.0) + margin for number, margin in margins}
        return np.array(list(self._margin_sums.values())) / self._epochs

    def _candidates(self, errors: NDArray[np.float64], losses: SampleLosses) -> NDArray[np.int64]:
        if self.params.threshold == "margin":
            return np.flatnonzero(errors > -self.params.margin)
        return highest(errors, share_of(self.params.fraction, sum(losses.initial_counts)))
