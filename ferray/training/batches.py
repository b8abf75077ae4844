"""From positions in a split to batches on the device. N = samples, H and W = pixels, D = features, C = classes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ferray.augment import AugmentPolicy
from ferray.augment._batched import Step, run
from ferray.augment._random_erasing import RandomErasing
from ferray.config.trial import TrialConfig
from ferray.data.datasets import TargetKind
from ferray.data.samples import PackedSamples
from ferray.training.device_images import DeviceImages
from ferray.training.mixup import Inputs, Mixture, Targets, draw_mixture, mixed, mixed_targets, mixing_step, smoothed
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


@dataclass(frozen=True)
class UnfinishedBatch:
    """A batch in host memory, and what is to become of its images once it is on its device.

    With `held`, images on the device, `batch.images` are places (N,) int64 among them. `steps` augment and mix.
    """

    batch: Batch
    steps: tuple[Step, ...] = ()
    held: Tensor | None = None

    def pinned(self) -> UnfinishedBatch:
        steps = tuple(each.each(Tensor.pin_memory) for each in self.steps)
        return replace(self, batch=self.batch.pinned(), steps=steps)

    def to(self, device: torch.device) -> Batch:
        """The batch on the device with its images as they are trained on; nothing there is waited for."""
        copied = partial(Tensor.to, device=device, non_blocking=True)
        batch, steps = self.batch.to(device), [each.each(copied) for each in self.steps]
        images = batch.images if self.held is None else self.held.index_select(0, batch.images)
        return replace(batch, images=run(steps, images))


class Prepared(Protocol):
    """A batch in host memory."""

    def pinned(self) -> Prepared: ...

    def to(self, device: torch.device) -> Batch: ...


def split_batches(order: Positions, batch_size: int) -> list[Positions]:
    """Cut an epoch's order into batches; a last batch of one, on which BatchNorm fails, joins the one before."""
    batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    if len(batches) > 1 and len(batches[-1]) == 1:
        batches[-2:] = [np.concatenate(batches[-2:])]
    return batches


class TrainingBatches:
    """The batches of one epoch by index, augmented and mixed.

    Any thread may ask for any of them, each gives the same pixels. Rows of features go out as they are kept: `augment`
    is `none` with them. `held` are images that the device has already, for trials that are augmented there.
    """

    def __init__(
        self, config: TrialConfig, training: TrainingSet, image_size: int, held: DeviceImages | None = None
    ) -> None:
        self._config = config
        self._training = training
        self._held = held
        kind: TargetKind = config.dataset.build_params().training_targets
        self._targets = TrainingTargets(training, kind, seed=config.seed)
        self._image_size = image_size
        self._of_thread = threading.local()
        if config.augment_on == "host" and training.samples.features is None:
            self._import(training.samples)

    def _import(self, samples: PackedSamples) -> None:
        """What the policies import, here and not in the first batch, which would pay for it."""
        for policy in self._policies().values():
            policy.apply(samples.images[:0], 0)

    def prepare(self, positions: Positions, *, epoch: int, index: int) -> Batch | UnfinishedBatch:
        """Batch `index` of `epoch` in host memory."""
        if self._config.augment_on == "device" and self._training.samples.features is None:
            return self._unfinished(positions, epoch=epoch, index=index)
        inputs = self._inputs(positions, epoch=epoch, index=index)
        mixture = self._mixture(inputs.shape[1:], epoch=epoch, index=index)
        labels, targets = self._answers(positions, mixture, epoch=epoch)
        return _host_batch(inputs if mixture is None else mixed(inputs, mixture), labels, targets)

    def _unfinished(self, positions: Positions, *, epoch: int, index: int) -> UnfinishedBatch:
        """The batch whose images are looked up, where they are held, and changed on the device."""
        samples, sides = self._training.samples, self._training.samples.images.shape[1:]
        steps: list[Step] = []
        for purpose, policy in self._policies().items():
            seed = derive_seed(self._config.seed, purpose, epoch, index)
            steps += policy.steps(len(positions), sides[0], sides[1], seed)
        mixture = self._mixture(sides, epoch=epoch, index=index)
        if mixture is not None:
            steps.append(mixing_step(mixture, len(positions)))
        labels, targets = self._answers(positions, mixture, epoch=epoch)
        if self._held is None:
            return UnfinishedBatch(_host_batch(samples.images_of(positions), labels, targets), tuple(steps))
        places = self._held.places_of(samples, positions)
        return UnfinishedBatch(_batch(places, labels, targets), tuple(steps), self._held.images)

    def targets(self, positions: Positions, *, epoch: int) -> tuple[Positions, Targets]:
        """Labels (N,) and smoothed targets (N, C) at these positions, where nothing is mixed."""
        labels, targets_NC = self._answers(positions, None, epoch=epoch)
        if targets_NC is None:
            targets_NC = np.eye(len(self._training.samples.classes), dtype=np.float32)[labels]
        return labels, targets_NC

    def _mixture(self, sides: tuple[int, ...], *, epoch: int, index: int) -> Mixture | None:
        config = self._config
        if config.mixup is None:
            return None
        return draw_mixture(config.mixup, sides, derive_generator(config.seed, "mixup", epoch, index))

    def _answers(
        self, positions: Positions, mixture: Mixture | None, *, epoch: int
    ) -> tuple[Positions, Targets | None]:
        """Labels and targets, mixed and smoothed; the label of a mixture is the class that has most of it."""
        config, samples = self._config, self._training.samples
        labels, targets_NC = samples.labels[positions], self._targets.of(positions, epoch=epoch)
        if config.mixup is None and not config.label_smoothing:
            return labels, targets_NC
        if targets_NC is None:
            targets_NC = np.eye(len(samples.classes), dtype=np.float32)[labels]
        if mixture is not None:
            targets_NC = mixed_targets(targets_NC, mixture)
            labels = targets_NC.argmax(axis=1)
        return labels, smoothed(targets_NC, config.label_smoothing)

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


def prepare_held(held: DeviceImages, samples: PackedSamples, positions: Positions) -> UnfinishedBatch:
    """The same of images that the device has already."""
    batch = _batch(held.places_of(samples, positions), samples.labels[positions])
    return UnfinishedBatch(batch, held=held.images)


def _host_batch(inputs: Inputs, labels: Positions, targets: Targets | None = None) -> Batch:
    return _batch(torch.from_numpy(inputs), labels, targets)


def _batch(inputs: Tensor, labels: Positions, targets: Targets | None = None) -> Batch:
    return Batch(inputs, torch.from_numpy(labels), None if targets is None else torch.from_numpy(targets))
