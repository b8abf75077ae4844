"""The room of outlier removal: rules that drop, or relabel, training samples whose loss says their label is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ferray.registry import Params


@dataclass(frozen=True)
class SampleLosses:
    """Every sample still in training, scored in eval mode, unaugmented, uninfluenced by the imbalance strategy.

    All arrays run parallel, (N,): `sample_ids` int64, `labels` int64, `losses` float64 cross-entropy of the label,
    `probability` float64 the model gives the label, `predicted` int64, `margin` float64 = logit of the label minus the
    largest other logit. The order of samples carries no meaning. `initial_counts` (C,) are the class counts before any
    removal, which the guards are measured against.
    """

    sample_ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    losses: NDArray[np.float64]
    probability: NDArray[np.float64]
    predicted: NDArray[np.int64]
    margin: NDArray[np.float64]
    initial_counts: tuple[int, ...]

    @property
    def predicted_probability(self) -> NDArray[np.float64]:
        """The probability (N,) that the model gives the class it says: exp of the difference of two logits apart."""
        return np.exp(-self.losses - np.minimum(self.margin, 0.0))


@dataclass(frozen=True)
class Removal:
    """What a rule saw, and the ids it wants gone (possibly none): the trainer turns it into an `OutlierReport`.

    `relabelled` are samples that stay under another label, by id; none of them is among `sample_ids`.
    `errors` (N,) float64 is the error measure that `variance` and the histograms are of, parallel to the losses given.
    """

    sample_ids: frozenset[int]
    errors: NDArray[np.float64]
    variance: float
    note: str = ""
    halt_training: bool = False
    relabelled: Mapping[int, int] = field(default_factory=dict)


class OutlierRemoval:
    """Sees the loss of every training sample after each epoch and may drop some for good, or give some another label.

    Rules keep state (rounds done, margins so far): `state_dict` and `load_state_dict` carry it through a checkpoint, as
    plain numbers, strings, lists and dicts.
    """

    Params: ClassVar[type[Params]]

    def __init__(self, params: Any) -> None:
        self.params = params

    def wants_losses(self, epoch: int) -> bool:
        """Whether the trainer has to score the training set after this epoch (1-based); that costs a forward pass."""
        return False

    def review(self, epoch: int, losses: SampleLosses) -> Removal | None:
        """The rule's view after `epoch`; None when it has nothing to say."""
        return None

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None: ...
