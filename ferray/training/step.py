"""The training step: a network and what changes it, one epoch long. N = images, H and W = pixels, C = classes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.amp.grad_scaler import GradScaler
from torch.optim import Optimizer

from ferray.config.clip import ClipConfig
from ferray.imbalance import Criterion
from ferray.training.batches import Batch
from ferray.training.clipping import clip_gradients
from ferray.training.compiled_network import CompiledNetwork
from ferray.training.network_classifier import NetworkClassifier
from ferray.training.optimizer import EpochSchedule, refuse_other_moments
from ferray.training.weight_average import WeightAverage


@dataclass(kw_only=True)
class Learner(NetworkClassifier):
    """A network and what changes it, on its device."""

    optimizer: Optimizer
    schedule: EpochSchedule
    clip: ClipConfig | None = None
    average: WeightAverage | None = None
    compiled: CompiledNetwork | None = None
    scaler: GradScaler = field(init=False)

    def __post_init__(self) -> None:
        self.scaler = self.precision.scaler()

    @property
    def judged(self) -> NetworkClassifier:
        """The network by which the trial is judged, and which is kept: itself, or the average of its weights."""
        if self.average is None:
            return self
        return NetworkClassifier(
            self.average.model, self.precision, self.num_classes, self.preprocessing, self.takes_features, self.views
        )

    def network(self, inputs: Tensor) -> Tensor:
        if self.compiled is None or not self.model.training:
            return super().network(inputs)
        return self.compiled(inputs)

    def collect(self, loss: Tensor) -> None:
        """Add this loss's gradients to those collected for the next step."""
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]  # torch does not type backward

    def descend(self) -> None:
        """One step of optimiser, schedule and average, of none where scaled float16 gradients overflowed."""
        if self.clip is not None:
            self.scaler.unscale_(self.optimizer)
            clip_gradients(self.clip, self.model)
        scale = self.scaler.get_scale()
        self.scaler.step(self.optimizer)
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.update()
        if self.scaler.get_scale() < scale:
            return
        self.schedule.step()
        if self.average is not None:
            self.average.update(self.model)

    def state_dict(self) -> dict[str, Any]:
        """Weights and all that their next change depends on, as tensors and plain containers."""
        return {name: part.state_dict() for name, part in self._parts().items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on as the learner that the state was taken of; ValueError for moments of other weights."""
        for name, part in self._parts().items():
            if state[name]:  # a scaler that had nothing to scale left no state
                part.load_state_dict(state[name])
        refuse_other_moments(self.optimizer)

    def _parts(self) -> dict[str, Any]:
        parts = {"model": self.model, "optimizer": self.optimizer, "schedule": self.schedule, "scaler": self.scaler}
        return parts if self.average is None else {**parts, "average": self.average}


@dataclass(frozen=True)
class TrainingPass:
    """Means over the images of one epoch, as the network saw them, and the rate of its last step."""

    loss: float
    accuracy: float
    lr: float
    num_images: int


def train_epoch(learner: Learner, batches: Iterable[Batch], criterion: Criterion, *, pieces: int = 1) -> TrainingPass:
    """Train on each batch in turn, cut into so many pieces that share one step.

    Sums stay on the device and are read once, at the end. Pieces change what BatchNorm sees, and nothing else.
    """
    learner.model.train()
    loss_sum = torch.zeros((), dtype=torch.float64, device=learner.precision.device)
    hits = torch.zeros((), dtype=torch.int64, device=learner.precision.device)
    num_images, lr = 0, 0.0
    for batch in batches:
        lr = learner.schedule.lr
        for piece in batch.cut(pieces):
            logits_NC = learner.logits(piece.images)
            loss = criterion(logits_NC, learner.targets(piece))
            learner.collect(loss * (len(piece) / len(batch)))
            loss_sum += loss.detach() * len(piece)
            hits += (logits_NC.detach().argmax(dim=1) == piece.labels).sum()
        learner.descend()
        num_images += len(batch)
    total, right = torch.stack([loss_sum, hits.double()]).tolist()
    return TrainingPass(total / num_images, right / num_images, lr, num_images)
