"""`self_cure`: labels that the network is sure are wrong become what it says. N = samples still in training."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ferray.outliers import OutlierRemoval, Removal, SampleLosses
from ferray.outliers._errors import highest, nothing
from ferray.outliers._guards import share_of, within_guards
from ferray.outliers._rounds import RoundParams, Rounds


class SelfCure(OutlierRemoval):
    """Correct labels: of the samples with the highest losses, those of which the network is surer of another class.

    A round takes the `fraction` of samples with the highest cross-entropy; where the probability of the class that the
    network says exceeds that of the label by more than `margin`, the sample is trained on as that class from then on.
    A sample is corrected once. Only the trial's own labels change: the data set, validation and other trials do not,
    and `act: watch` leaves all labels as they were and tells what it would have done.
    Source: Wang et al., "Suppressing Uncertainties for Large-Scale Facial Expression Recognition", CVPR 2020 (SCN),
    section 3.4, whose margin is 0.2 and whose group of low importance is 30 % of each batch, from epoch 10 on. There a
    learned attention weight makes the group, here the loss in eval mode over the whole training set does, as for all
    rules; the guards are ours.
    """

    class Params(RoundParams):
        start_epoch: Annotated[int, Field(ge=1)] = 10
        """The epoch after which the first round is due."""
        max_rounds: Annotated[int, Field(ge=1)] | None = None
        """How many rounds at most; null is no end."""
        act: Literal["relabel", "drop", "watch"] = "relabel"
        """What becomes of such samples: another label, or none and they go, or nothing but a note."""
        fraction: Annotated[float, Field(gt=0, le=1)] = 0.3
        """Of the samples at the start: those of the highest loss, among which labels may be corrected."""
        margin: Annotated[float, Field(ge=0, lt=1)] = 0.2
        """By how much the other class's probability exceeds the label's."""

    params: Params

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        self._rounds = Rounds(params)
        self._taken: dict[int, int] = {}  # the first label of each sample that has lost it, by id

    def wants_losses(self, epoch: int) -> bool:
        return self.params.watch or self._rounds.is_due(epoch)

    def review(self, epoch: int, losses: SampleLosses) -> Removal:
        """A round when one is due, otherwise the variance alone."""
        look = nothing(losses.losses)
        if not self._rounds.is_due(epoch) or look.note:
            return look
        self._rounds.done += 1
        before = Counter(self._taken.values())
        gone = [before[label] for label in range(len(losses.initial_counts))]
        chosen, note = within_guards(self._doubted(losses), losses, losses.losses, gone, self.params)
        if self.params.act == "watch":
            return replace(look, note=f"would have corrected {len(chosen)}" if len(chosen) else "")
        self._taken |= {int(losses.sample_ids[row]): int(losses.labels[row]) for row in chosen}
        if self.params.act == "drop":
            return replace(look, sample_ids=frozenset(losses.sample_ids[chosen].tolist()), note=note)
        corrected = {int(losses.sample_ids[row]): int(losses.predicted[row]) for row in chosen}
        return replace(look, relabelled=corrected, note=note)

    def state_dict(self) -> dict[str, Any]:
        return {
            "rounds": self._rounds.done,
            "sample_ids": list(self._taken),
            "labels": list(self._taken.values()),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._rounds.done = state["rounds"]
        self._taken = dict(zip(state["sample_ids"], state["labels"], strict=True))

    def _doubted(self, losses: SampleLosses) -> NDArray[np.int64]:
        """The rows whose label is doubted."""
        group = highest(losses.losses, share_of(self.params.fraction, sum(losses.initial_counts)))
        is_new = ~np.isin(losses.sample_ids[group], np.fromiter(self._taken, dtype=np.int64))
        lead = losses.predicted_probability[group] - losses.probability[group]
        doubted: NDArray[np.int64] = group[
            is_new & (losses.predicted[group] != losses.labels[group]) & (lead > self.params.margin)
        ]
        return doubted
