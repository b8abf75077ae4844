"""`trimmed_loss`: the highest losses go."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from ferray.outliers import OutlierRemoval, Removal, SampleLosses
from ferray.outliers._errors import highest, nothing
from ferray.outliers._guards import let_go, share_of
from ferray.outliers._rounds import RoundParams, Rounds


class TrimmedLoss(OutlierRemoval):
    """Drop a fixed fraction of the training samples, those of the highest cross-entropy, in one round or in several.

    Source: least trimmed squares, Rousseeuw, "Least Median of Squares Regression", JASA 1984; for networks Shen and
    Sanghavi, "Learning with Bad Training Data via Iterative Trimmed Loss Minimization", ICML 2019. Both choose anew in
    every round; here a dropped sample stays away, as with the other rules. The guards are ours.
    """

    class Params(RoundParams):
        fraction: Annotated[float, Field(gt=0, le=1)] = 0.1
        """Of the samples at the start, dropped in each round; equal losses go together or stay together."""

    params: Params

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        self._rounds = Rounds(params)

    def wants_losses(self, epoch: int) -> bool:
        return self.params.watch or self._rounds.is_due(epoch)

    def review(self, epoch: int, losses: SampleLosses) -> Removal:
        """A round when one is due, otherwise the variance alone."""
        look = nothing(losses.losses)
        if not self._rounds.is_due(epoch) or look.note:
            return look
        self._rounds.done += 1
        candidates = highest(losses.losses, share_of(self.params.fraction, sum(losses.initial_counts)))
        removed, note = let_go(candidates, losses, losses.losses, self.params)
        return replace(look, sample_ids=removed, note=note)

    def state_dict(self) -> dict[str, Any]:
        return {"rounds": self._rounds.done}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._rounds.done = state["rounds"]
