"""Validation: what a network answers in eval mode, and how right that is. N = images, C = classes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from ferray.data.samples import PackedSamples
from ferray.imbalance import soft_cross_entropy
from ferray.stats.metrics import confusion_matrix
from ferray.training.batches import Batch, Positions, prepare_held, prepare_plain, split_batches
from ferray.training.device_images import DeviceImages
from ferray.training.network_classifier import NetworkClassifier
from ferray.training.prefetch import Prefetcher


@dataclass(frozen=True)
class Evaluation:
    """Mean plain cross-entropy and the confusion matrix (C, C) int64 on CPU, rows = truth.

    `logits` (N, C) float32, as they were judged, are in the order of the samples, on the device; none where nothing was
    asked.
    """

    loss: float
    confusion: Tensor
    logits: Tensor

    @property
    def predictions(self) -> Tensor:
        """The class (N,) int64 that each sample is taken for."""
        return self.logits.argmax(dim=1)


@torch.inference_mode()
def evaluate(
    classifier: NetworkClassifier, batches: Iterable[Batch], adjust_logits: Callable[[Tensor], Tensor]
) -> Evaluation:
    """Judge the network in eval mode; no image's answer depends on its neighbours in the batch."""
    classifier.model.eval()
    device, num_classes = classifier.precision.device, classifier.num_classes
    loss_sum = torch.zeros((), dtype=torch.float64, device=device)
    confusion = torch.zeros(num_classes, num_classes, dtype=torch.int64, device=device)
    answers = [torch.zeros(0, num_classes, device=device)]
    for batch in batches:
        logits_NC = adjust_logits(classifier.answer(batch.images))
        loss_sum += soft_cross_entropy(logits_NC, classifier.targets(batch)) * len(batch)
        answers.append(logits_NC)
        confusion += confusion_matrix(batch.labels, logits_NC.argmax(dim=1), num_classes)
    counts = confusion.cpu()
    return Evaluation(float(loss_sum) / max(1, int(counts.sum())), counts, torch.cat(answers))


@torch.inference_mode()
def score(classifier: NetworkClassifier, batches: Iterable[Batch]) -> Tensor:
    """Logits (N, C) float32 of the images as they are, one view of each, on CPU, in eval mode, in their order."""
    classifier.model.eval()
    return torch.cat([classifier.logits(batch.images) for batch in batches]).cpu()


@torch.inference_mode()
def judged_logits(classifier: NetworkClassifier, batches: Iterable[Batch]) -> Tensor:
    """What the classifier would be judged by, not corrected: (N, C) float32 on CPU, in the order of `batches`."""
    classifier.model.eval()
    return torch.cat([classifier.answer(batch.images) for batch in batches]).cpu()


def plain_batches(
    samples: PackedSamples,
    positions: Positions,
    size: int,
    prefetcher: Prefetcher,
    held: DeviceImages | None = None,
) -> Iterator[Batch]:
    """Samples as they are kept, unaugmented and in order, so many in a batch; from `held` where they are there."""
    prepare = partial(prepare_plain, samples) if held is None else partial(prepare_held, held, samples)
    return prefetcher.feed([partial(prepare, batch) for batch in split_batches(positions, size)])


def evaluation_size(batch_size: int, pieces: int = 1) -> int:
    """Samples in a batch of evaluation: more than one of training has, since nothing is kept for a gradient."""
    return max(32, 2 * batch_size // pieces)
