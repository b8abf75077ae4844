"""A training as users of Ray Tune write it: a function that reports each epoch, over torch's own DataLoader.

The loop, the data loading and the checkpoints are the stock ones. What a recipe names (network, augmentation, loss of
an imbalance strategy, outlier rule) is called out of ferray as a library, so that both sides train the same things.
Written with care: images decoded beforehand and shared by all workers, no loader processes that would fight over the
slot's one core, channels last, the fused optimiser, sums read once an epoch, weights written only where they improve.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import albumentations
import cv2
import numpy as np
import torch
from albumentations.pytorch import ToTensorV2
from numpy.typing import NDArray
from ray import tune
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Sampler

from ferray.config.trial import TrialConfig
from ferray.data.samples import PackedSamples
from ferray.imbalance import ClassCounts, ImbalanceStrategy
from ferray.models.model import build_model
from ferray.outliers import OutlierRemoval
from ferray.stats.metrics import confusion_matrix, metrics_of
from ferray.training.criterion import training_criterion
from ferray.training.optimizer import build_optimizer
from ferray.training.outlier_review import sample_losses

METRIC = "val_uar"
EVALUATION_BATCH = 128


class Faces(Dataset[tuple[Tensor, int]]):
    """Images of one split, each augmented when it is asked for."""

    def __init__(self, samples: PackedSamples, transform: albumentations.Compose) -> None:
        self.samples, self.transform = samples, transform

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image = self.samples.images[self.samples.rows[index]]
        return self.transform(image=image)["image"], int(self.samples.labels[index])


class Chosen(Sampler[int]):
    """The order of an epoch: each image once, or what an imbalance strategy draws."""

    def __init__(self, labels: NDArray[np.int64], strategy: ImbalanceStrategy, seed: int) -> None:
        self.labels, self.strategy = labels, strategy
        self.kept = np.arange(len(labels))
        self.random = np.random.default_rng(seed)

    def __len__(self) -> int:
        return len(self.kept)

    def __iter__(self) -> Any:
        drawn = self.strategy.sampler(self.labels[self.kept], self.random)
        return iter(self.kept[self.random.permutation(len(self.kept)) if drawn is None else drawn].tolist())


class Training:
    """One recipe: network, loaders, optimiser and schedule."""

    def __init__(self, config: TrialConfig, train: PackedSamples, val: PackedSamples) -> None:
        torch.manual_seed(config.seed)
        self.config, self.samples, self.val = config, train, val
        self.initial_counts = ClassCounts.from_labels(train.labels, len(train.classes))
        self.strategy: ImbalanceStrategy = config.imbalance.load()(config.imbalance.build_params(), self.initial_counts)
        self.outliers: OutlierRemoval = config.outliers.load()(config.outliers.build_params())
        self.model = build_model(config, len(train.classes), num_inputs=None).to(memory_format=torch.channels_last)
        self.order = Chosen(train.labels, self.strategy, config.seed)
        spec = self.model.input_spec
        to_tensor = [albumentations.Normalize(spec.mean, spec.std), ToTensorV2()]
        self.plain = albumentations.Compose(to_tensor)
        augmented = albumentations.Compose([*transforms(config), *to_tensor], seed=config.seed)
        self.loader = DataLoader(Faces(train, augmented), config.batch_size, sampler=self.order, drop_last=False)
        self.optimizer = build_optimizer(config.optimizer, self.model.trainable_parameters())
        steps = config.epochs * max(1, len(self.loader))
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, steps)

    def epoch(self, number: int) -> dict[str, float]:
        """Train once over the images, judge, and let the outlier rule look; `number` counts from 1."""
        criterion = training_criterion(self.config, self.strategy, (number - 1) / self.config.epochs)
        self.model.train()
        total, seen = torch.zeros(()), 0
        for images, labels in self.loader:
            if len(labels) < 2:  # on which BatchNorm fails
                continue
            targets = nn.functional.one_hot(labels, len(self.samples.classes)).float()
            loss = criterion(self.model(images.to(memory_format=torch.channels_last)), targets)
            self.optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            self.optimizer.step()
            self.schedule.step()
            total += loss.detach() * len(labels)
            seen += len(labels)
        self._review(number)
        logits_NC = self.strategy.adjust_logits(self.logits(self.val))
        labels_N = torch.from_numpy(self.val.labels)
        confusion = confusion_matrix(labels_N, logits_NC.argmax(dim=1), len(self.val.classes))
        return {"train_loss": float(total) / seen, METRIC: metrics_of(confusion, self.val.classes)["val/uar"]}

    @torch.inference_mode()
    def logits(self, samples: PackedSamples) -> Tensor:
        """What the network says to images that are not augmented, in their order."""
        self.model.eval()
        loader = DataLoader(Faces(samples, self.plain), EVALUATION_BATCH)
        return torch.cat([self.model(images.to(memory_format=torch.channels_last)) for images, _ in loader])

    def _review(self, number: int) -> None:
        if not self.outliers.wants_losses(number):
            return
        kept = self.order.kept
        losses = sample_losses(self.samples, kept, self.logits(self.samples)[kept], self.initial_counts)
        removal = self.outliers.review(number, losses)
        if removal is not None and removal.sample_ids:
            gone = np.isin(self.samples.sample_ids[kept], [*removal.sample_ids])
            self.order.kept = kept[~gone]


def transforms(config: TrialConfig) -> list[Any]:
    """The augmentation as a user of albumentations writes it, of the policies that `demo` and SFEW are run with."""
    params = config.augment.build_params()
    match config.augment.name:
        case "none":
            return []
        case "light":
            return _light(params)
        case "wang2020":
            return _wang2020(params.probability)
    raise SystemExit(f"`{config.augment.name}` is not written in albumentations here: none, light and wang2020 are")


def _light(params: Any) -> list[Any]:
    return [
        albumentations.HorizontalFlip(p=params.flip),
        albumentations.Affine(
            rotate=(-params.degrees, params.degrees),
            translate_percent=(-params.shift, params.shift),
            scale=(1 - params.scale, 1 + params.scale),
            keep_ratio=True,
            border_mode=cv2.BORDER_REPLICATE,
            p=1.0,
        ),
        albumentations.RandomBrightnessContrast(brightness_limit=params.light, contrast_limit=params.light, p=0.8),
    ]


def _wang2020(probability: float) -> list[Any]:
    return [
        albumentations.HorizontalFlip(p=probability),
        albumentations.RandomBrightnessContrast(brightness_limit=0.2, contrast_limit=0, p=probability),
        albumentations.Affine(
            rotate=(-45, 45),
            translate_percent=(-0.0625, 0.0625),
            scale=(0.9, 1.1),
            keep_ratio=True,
            border_mode=cv2.BORDER_REFLECT_101,
            p=probability,
        ),
        albumentations.ImageCompression(quality_range=(99, 100), p=probability),
        albumentations.HueSaturationValue(20, 30, 20, p=probability),
    ]


def train(config: dict[str, Any], train_samples: PackedSamples, val_samples: PackedSamples) -> None:
    """The function that `tune.Tuner` is given."""
    recipe = TrialConfig.model_validate(config["recipe"])
    training, best = Training(recipe, train_samples, val_samples), -1.0
    for number in range(1, recipe.epochs + 1):
        metrics = training.epoch(number)
        if metrics[METRIC] <= best:
            tune.report(metrics)
            continue
        best = metrics[METRIC]
        with tempfile.TemporaryDirectory() as folder:
            torch.save(training.model.state_dict(), Path(folder) / "model.pt")
            tune.report(metrics, checkpoint=tune.Checkpoint.from_directory(folder))
