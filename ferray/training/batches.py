"""From positions in a split to batches on the device. N = samples, H and W = pixels, D = features, C = classes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ferray.augment import AugmentPolicy
from ferray.augment._random_erasing import RandomErasing
from ferray.config.trial import TrialConfig
from ferray.data.datasets import TargetKind
from ferray.data.samples import PackedSamples
from ferray.training.mixup import Inputs, Targets, draw_mixture, mixed, smoothed
from ferray.training.seeding import derive_generator, derive_seed
from ferray.training.training_set import TrainingSet
from ferray.training.training_targets import TrainingTargets

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """`images` uint8 (N, H, W, 3), or rows of features float32 (N, D), and `labels` int64 (N,), on one device.

    `targets` are the probabilities (N, C) float32 that a network is to answer with; None is all on the label.
    """

    images: Tensor
    labels: Tensor
    targets: Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def cut(self, pieces: int) -> list[Batch]:
        """The batch in so many pieces of nearly one size, fewer where a piece would hold a single image."""
        pieces = max(1, min(pieces, len(self) // 2))
        if pieces == 1:
            return [self]
        targets = [None] * pieces if self.targets is None else self.targets.tensor_split(pieces)
        parts = zip(self.images.tensor_split(pieces), self.labels.tensor_split(pieces), targets, strict=True)
        return [Batch(*part) for part in parts]

    def pinned(self) -> Batch:
        return self._each(Tensor.pin_memory)

    def to(self, device: torch.device) -> Batch:
        return self._each(partial(Tensor.to, device=device, non_blocking=True))

    def _each(self, act: Callable[[Tensor], Tensor]) -> Batch:
        return Batch(act(self.images), act(self.labels), None if self.targets is None else act(self.targets))


def split_batches(order: Positions, batch_size: int) -> list[Positions]:
    """Cut an epoch's order into batches; a last batch of one, on which BatchNorm fails, joins the one before."""
    batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    if len(batches) > 1 and len(batches[-1]) == 1:
        batches[-2:] = [np.concatenate(batches[-2:])]
    return batches


class TrainingBatches:
    """The batches of one epoch by index, augmented and mixed.

    Any thread may ask for any of them, each gives the same pixels. Rows of features go out as they are kept: `augment`
    is `none` with them.
    """

    def __init__(self, config: TrialConfig, training: TrainingSet, image_size: int) -> None:
        self._config = config
        self._training = training
        kind: TargetKind = config.dataset.build_params().training_targets
        self._targets = TrainingTargets(training, kind, seed=config.seed)
        self._image_size = image_size
        self._of_thread = threading.local()
        self._policies()  # here and not in the first batch, which would pay for the import

    def prepare(self, positions: Positions, *, epoch: int, index: int) -> Batch:
        """Batch `index` of `epoch` in host memory."""
        samples = self._training.samples
        inputs = self._inputs(positions, epoch=epoch, index=index)
        labels, targets = samples.labels[positions], self._targets.of(positions, epoch=epoch)
        if self._config.mixup is None and not self._config.label_smoothing:
            return _host_batch(inputs, labels, targets)
        if targets is None:
            targets = np.eye(len(samples.classes), dtype=np.float32)[labels]
        return self._softened(inputs, labels, targets, epoch=epoch, index=index)

    def _softened(self, inputs: Inputs, labels: Positions, targets_NC: Targets, *, epoch: int, index: int) -> Batch:
        """The batch mixed and its targets smoothed; the label of a mixture is the class that has most of it."""
        config, mixture = self._config, None
        if config.mixup is not None:
            generator = derive_generator(config.seed, "mixup", epoch, index)
            mixture = draw_mixture(config.mixup, inputs.shape[1:], generator)
        if mixture is not None:
            inputs, targets_NC = mixed(inputs, targets_NC, mixture)
            labels = targets_NC.argmax(axis=1)
        return _host_batch(inputs, labels, smoothed(targets_NC, config.label_smoothing))

    def _inputs(self, positions: Positions, *, epoch: int, index: int) -> Inputs:
        """Images as the policies change them, one after another; rows as they are."""
        samples = self._training.samples
        if samples.features is not None:
            return samples.inputs_of(positions)
        images_NHWC = samples.images_of(positions)
        for purpose, policy in self._policies().items():
            images_NHWC = policy.apply(images_NHWC, derive_seed(self._config.seed, purpose, epoch, index))
        return images_NHWC

    def _policies(self) -> dict[str, AugmentPolicy]:
        """Those of this thread in their order, by what their draws are for."""
        if not hasattr(self._of_thread, "policies"):
            choice, erasing = self._config.augment, self._config.random_erasing
            made = {"augment": choice.load()(choice.build_params(), self._image_size)}
            if erasing is not None:
                made["random_erasing"] = RandomErasing(erasing, self._image_size)
            self._of_thread.policies = made
        policies: dict[str, AugmentPolicy] = self._of_thread.policies
        return policies


def prepare_plain(samples: PackedSamples, positions: Positions) -> Batch:
    """Images or rows as they are, in host memory."""
    return _host_batch(samples.inputs_of(positions), samples.labels[positions])


def _host_batch(
    images: NDArray[np.uint8] | NDArray[np.float32], labels: Positions, targets: NDArray[np.float32] | None = None
) -> Batch:
    probabilities = None if targets is None else torch.from_numpy(targets)
    return Batch(torch.from_numpy(images), torch.from_numpy(labels), probabilities)
