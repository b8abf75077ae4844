"""The room of imbalance strategies. Letters: N samples, C classes, H trials side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ferray.registry import Params
from ferray.system.late import late

if TYPE_CHECKING:
    import torch
    from torch import Tensor
    from torch.nn import functional as F
else:
    torch, F = late("torch"), late("torch.nn.functional")

Criterion: TypeAlias = "Callable[[Tensor, Tensor], Tensor]"  # logits (N, C), target (N, C) probabilities -> scalar
LANES = 16  # float32 numbers in the widest vectors of CPUs
# Logits (..., N, C), target (..., N, C) and numbers -> the cost (..., N) of each sample.
Cost: TypeAlias = "Callable[..., Tensor]"


@dataclass(frozen=True)
class ClassCounts:
    """How many training samples each class has; index = label, absent classes count 0."""

    counts: tuple[int, ...]

    @classmethod
    def from_labels(cls, labels: Sequence[int] | NDArray[np.int64], num_classes: int) -> ClassCounts:
        """Count labels in 0 .. num_classes - 1."""
        return cls(tuple(np.bincount(np.asarray(labels, dtype=np.int64), minlength=num_classes).tolist()))

    @property
    def num_classes(self) -> int:
        return len(self.counts)

    def as_tensor(self) -> Tensor:
        """The counts as float64 (C,)."""
        return torch.tensor(self.counts, dtype=torch.float64)


class ImbalanceStrategy:
    """Three optional acts against class imbalance; the default of each is "do nothing".

    Built once a trial, and again after outlier removal changed the counts. `counts` describes the samples in training.
    """

    Params: ClassVar[type[Params]]

    def __init__(self, params: Any, counts: ClassCounts) -> None:
        self.params = params
        self.counts = counts

    def sampler(self, labels: NDArray[np.int64], generator: np.random.Generator) -> NDArray[np.int64] | None:
        """Positions (M,) into `labels` that one epoch visits, in order, drawn with `generator`; asked every epoch.

        None means each sample once, shuffled by the trainer. M may differ from N.
        """
        return None

    def criterion(self, progress: float) -> Criterion:
        """The training loss, mean over samples, for `progress` in [0, 1) of the trial's epochs; asked once an epoch.

        The returned callable works on whatever device and dtype its logits have.
        """
        return soft_cross_entropy

    def adjust_logits(self, logits_NC: Tensor) -> Tensor:
        """Correct logits at evaluation only."""
        return logits_NC


class MeanCost:
    """A criterion that is the mean of a cost over samples, and whose cost takes those of several trials at once.

    `numbers` are what differs from trial to trial: vectors (C,) float64, which follow the logits to their device and
    are copied there once, as a copy in every step would make the host wait for the device in every step; or floats.
    """

    def __init__(self, cost: Cost, *numbers: Tensor | float) -> None:
        self.cost = cost
        self.numbers = numbers
        self._copies: dict[tuple[torch.device, torch.dtype], list[Tensor | float]] = {}

    def __call__(self, logits_NC: Tensor, target_NC: Tensor) -> Tensor:
        return self.cost(logits_NC, target_NC, *self._like(logits_NC)).mean()

    def _like(self, logits_NC: Tensor) -> list[Tensor | float]:
        key = (logits_NC.device, torch.promote_types(logits_NC.dtype, torch.float32))
        if key not in self._copies:
            device, dtype = key
            self._copies[key] = [
                number.to(device=device, dtype=dtype) if isinstance(number, torch.Tensor) else number
                for number in self.numbers
            ]
        return self._copies[key]


def log_softmax(logits_NC: Tensor) -> Tensor:
    """Over classes; of trials side by side (H, N, C) on a CPU in a quarter of torch's time, and with its bits.

    torch goes through few classes that lie side by side one by one, and through samples that do by whole vectors. What
    is left over of samples beside these it rounds otherwise, and many classes it adds up in another order. Where the
    samples of a class lie side by side already, what is returned lies so too.
    """
    *trials, num, num_classes = logits_NC.shape
    if not trials or logits_NC.device.type != "cpu" or num % LANES or num_classes >= LANES:
        return F.log_softmax(logits_NC, dim=-1)
    log_p_NC = F.log_softmax(logits_NC.transpose(-1, -2).contiguous(), dim=-2).transpose(-1, -2)
    return log_p_NC.contiguous() if logits_NC.is_contiguous() else log_p_NC


def cross_entropy_costs(logits_NC: Tensor, target_NC: Tensor) -> Tensor:
    """Cross-entropy of each sample (..., N) against probabilities."""
    return -(target_NC * log_softmax(logits_NC)).sum(dim=-1)


def soft_cross_entropy(logits_NC: Tensor, target_NC: Tensor) -> Tensor:
    """Cross-entropy against probabilities, mean over samples."""
    return cross_entropy_costs(logits_NC, target_NC).mean()
