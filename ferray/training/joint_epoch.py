"""What passes between trainings that have an epoch together and those who train them. N = samples, C = classes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor

from ferray.events import EpochReport
from ferray.training.assemble import Assembly
from ferray.training.evaluation import Evaluation
from ferray.training.step import TrainingPass


@dataclass(frozen=True)
class EpochTime:
    """Seconds that an epoch has spent on training, and on all so far; more are counted from `since` on."""

    train_s: float
    so_far_s: float
    since: float = field(default_factory=time.perf_counter)

    def whole_s(self) -> float:
        """Seconds of the epoch until now."""
        return self.so_far_s + time.perf_counter() - self.since


@dataclass(frozen=True)
class JointEpoch:
    """A training's part of an epoch that it has had with others, and its share of their time.

    The training is as it was before that epoch until `take_over` is called. `train_logits` (N, C), on CPU, are of the
    samples in training, None where its outlier rule does not ask for them.
    """

    trained: TrainingPass
    evaluation: Evaluation
    train_logits: Tensor | None
    spent: tuple[float, float]  # seconds of training, and of all
    take_over: Callable[[], None]


class NetworkTraining(Protocol):
    """The training of a network, which can have its next epoch with others."""

    @property
    def parts(self) -> Assembly: ...

    @property
    def epochs_done(self) -> int: ...

    @property
    def history(self) -> tuple[EpochReport, ...]: ...

    def expect(self, joint: JointEpoch) -> None:
        """Have the next step take this for its epoch."""

    def note(self, line: str) -> None:
        """Say this with the next report."""
