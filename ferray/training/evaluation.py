"""Validation: what a network answers in eval mode, and how right that is. N = images, C = classes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from ferray.imbalance import soft_cross_entropy
from ferray.stats.metrics import confusion_matrix
from ferray.training.batches import Batch
from ferray.training.step import Learner


@dataclass(frozen=True)
class Evaluation:
    """Mean plain cross-entropy and the confusion matrix (C, C) int64 on CPU, rows = truth."""

    loss: float
    confusion: Tensor


@torch.inference_mode()
def evaluate(learner: Learner, batches: Iterable[Batch], adjust_logits: Callable[[Tensor], Tensor]) -> Evaluation:
    """Judge the network in eval mode; no image's answer depends on its neighbours in the batch."""
    learner.model.eval()
    device, num_classes = learner.precision.device, learner.num_classes
    loss_sum = torch.zeros((), dtype=torch.float64, device=device)
    confusion = torch.zeros(num_classes, num_classes, dtype=torch.int64, device=device)
    for batch in batches:
        logits_NC = adjust_logits(learner.logits(batch.images))
        loss_sum += soft_cross_entropy(logits_NC, learner.targets(batch.labels)) * len(batch)
        confusion += confusion_matrix(batch.labels, logits_NC.argmax(dim=1), num_classes)
    counts = confusion.cpu()
    return Evaluation(float(loss_sum) / max(1, int(counts.sum())), counts)


@torch.inference_mode()
def score(learner: Learner, batches: Iterable[Batch]) -> Tensor:
    """Plain logits (N, C) float32 on CPU, in eval mode, in the order of `batches`."""
    learner.model.eval()
    return torch.cat([learner.logits(batch.images) for batch in batches]).cpu()
