"""The trainer against the bare step, with the augmentation of wang2020 at 224 px, and what augmentation costs alone.

    python -m bench.trainer [--quick]

The bare step is a loop of torch: forward, loss, backward, optimiser, over images that were augmented beforehand. The
trainer looks its images up, augments them, trains and counts. Both have the same network on one thread and take turns,
an epoch each; figures are of CPU seconds. What each switch of the trainer costs is `bench.switches`.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from bench.record import Record, Recording, cpus, interleaved, print_record, recording
from ferray.augment._batched import run
from ferray.registry import ROOMS
from ferray.testing.trials import demo_config, demo_job
from ferray.training.assemble import Assembly, assemble, epoch_batches
from ferray.training.step import train_epoch

LEAST_OF_BARE = 0.95
MOST_MS = 0.77  # of wang2020, an image at 224 px
SIZES = (64, 224)
Images = NDArray[np.uint8]


def measure(quick: bool = False) -> Record:
    """ResNet-18 at 224 px; with `quick` a tiny network on few pixels."""
    torch.set_num_threads(1)
    size, backbone, images, rounds = (32, "tiny_cnn", 28, 1) if quick else (224, {"timm": {"name": "resnet18"}}, 48, 5)
    with recording("trainer", quick=quick) as record, tempfile.TemporaryDirectory() as folder:
        parts = [_assembled(Path(folder), backbone=backbone, image_size=size, num_train=images) for _ in range(2)]
        sides = {"bare": bare_epoch(parts[0]), "trainer": trainer_epoch(parts[1])}
        costs = interleaved(sides, rounds + 1)
        bare, trainer = ([images / cost for cost in cpus(costs[side])[1:]] for side in sides)
        record.compare("images", trainer, bare, unit="images a CPU second", at_least=LEAST_OF_BARE)
        for name in ROOMS["augment"].names():
            for size in SIZES:
                _state_policy(record, name, size, quick=quick)
        _compare_calls(record, quick=quick)
        _state_batched(record, quick=quick)
    return record.document()


def bare_epoch(parts: Assembly) -> Callable[[], None]:
    """Steps of torch alone on an epoch's batches, which are in memory as the network will see them."""
    learner = parts.learner
    batches = [(batch.images, batch.labels) for batch in _batches(parts)]

    def train() -> None:
        learner.model.train()
        for images_NHWC, labels in batches:
            loss = F.cross_entropy(learner.model(learner.preprocessing(images_NHWC)), labels)
            torch.autograd.backward(loss)
            learner.optimizer.step()
            learner.optimizer.zero_grad(set_to_none=True)

    return train


def trainer_epoch(parts: Assembly) -> Callable[[], object]:
    """An epoch's training as a trial has it."""
    return lambda: train_epoch(parts.learner, _batches(parts), parts.training.strategy.criterion(0.0))


def _batches(parts: Assembly) -> Any:
    positions = epoch_batches(parts.config, parts.training, 1)
    tasks: list[Callable[[], Any]] = [
        partial(parts.batches.prepare, batch, epoch=1, index=index) for index, batch in enumerate(positions)
    ]
    return parts.prefetcher.feed(tasks)


def _assembled(folder: Path, **keys: Any) -> Assembly:
    config = demo_config(num_val=7, augment="wang2020", epochs=1000, **keys)
    return assemble(demo_job(folder / "trial", folder / "cache", config))


def _state_policy(record: Recording, name: str, size: int, *, quick: bool) -> None:
    """What a policy costs on the host."""
    kind, images = ROOMS["augment"].load(name), _pictures(4 if quick else 64, size)
    policy = kind(kind.Params(), size)
    promise = {"at_most": MOST_MS} if (name, size) == ("wang2020", 224) else {}
    taken = _ms_an_image(lambda seed: policy.apply(images, seed), len(images), quick=quick)
    record.state(f"{name}, {size} px", taken, "CPU ms an image", **promise)


def _compare_calls(record: Recording, *, quick: bool) -> None:
    """wang2020 against calls of albumentations, which make the same pixels of the same seed."""
    kind, images = ROOMS["augment"].load("wang2020"), _pictures(4 if quick else 64, 224)
    policy, transforms = kind(kind.Params(), 224), library_wang2020()

    def calls(seed: int) -> None:
        streams = np.random.default_rng(seed), random.Random(seed)
        for transform in transforms:
            transform.set_random_state(*streams)
        for image in images:
            for transform in transforms:
                image = transform(image=image)["image"]

    ours, floor = [], []
    for seed in range(1 if quick else 15):
        ours.append(_ms(partial(policy.apply, images, seed)) / len(images))
        floor.append(_ms(partial(calls, seed)) / len(images))
    record.compare("wang2020, 224 px, against calls", ours, floor, unit="CPU ms an image", at_most=1.0)


def library_wang2020() -> list[Any]:
    """The list as albumentations has it."""
    import albumentations as library

    return [
        library.HorizontalFlip(p=0.5),
        library.RandomBrightnessContrast(brightness_limit=0.2, contrast_limit=0, p=0.5),
        library.Affine(
            translate_percent=(-0.0625, 0.0625),
            scale=(0.9, 1.1),
            rotate=(-45, 45),
            keep_ratio=True,
            border_mode=cv2.BORDER_REFLECT_101,
            p=0.5,
        ),
        library.ImageCompression(quality_range=(99, 100), p=0.5),
        library.HueSaturationValue(hue_shift_limit=20, sat_shift_limit=30, val_shift_limit=20, p=0.5),
    ]


def _state_batched(record: Recording, *, quick: bool) -> None:
    """wang2020 as torch operations over a batch, and as torchvision's, which draw once for all they are given.

    On a GPU each operation is at least a launch, so their number for a batch says more there than seconds of a CPU.
    """
    size, count = 224, 4 if quick else 32
    kind, images = ROOMS["augment"].load("wang2020"), torch.from_numpy(_pictures(count, size))
    policy = kind(kind.Params(), size)
    batched = _ms_an_image(lambda seed: run(policy.steps(count, size, size, seed), images), count, quick=quick)
    theirs = torchvision_wang2020()
    images_NCHW = images.permute(0, 3, 1, 2).contiguous()
    one_by_one = _ms_an_image(lambda _: [theirs(image) for image in images_NCHW], count, quick=quick)
    record.details["operations of torch for a batch of 32"] = {
        "over the batch": _operations(lambda: run(policy.steps(count, size, size, 1), images)),
        "torchvision, image by image": _operations(lambda: [theirs(image) for image in images_NCHW]),
    }
    record.state("wang2020, 224 px, torch over a batch", batched, "CPU ms an image")
    record.state("wang2020, 224 px, torchvision image by image", one_by_one, "CPU ms an image")


def torchvision_wang2020() -> Callable[[torch.Tensor], torch.Tensor]:
    """The nearest that torchvision.transforms.v2 has: it fills corners with black, where the list mirrors them."""
    from torchvision.transforms import v2  # type: ignore[import-untyped]  # torchvision has no types

    sometimes = partial(v2.RandomApply, p=0.5)
    composed: Callable[[torch.Tensor], torch.Tensor] = v2.Compose(
        [
            v2.RandomHorizontalFlip(),
            sometimes([v2.ColorJitter(brightness=0.2)]),
            sometimes([v2.RandomAffine(45, (0.0625, 0.0625), (0.9, 1.1), interpolation=v2.InterpolationMode.BILINEAR)]),
            sometimes([v2.JPEG((99, 100))]),
            sometimes([v2.ColorJitter(hue=20 / 180, saturation=30 / 255)]),
        ]
    )
    return composed


def _ms_an_image(act: Callable[[int], object], count: int, *, quick: bool) -> float:
    """Median over seeds, after one that imports."""
    act(0)
    return median(_ms(partial(act, seed)) / count for seed in range(1 if quick else 9))


def _ms(act: Callable[[], object]) -> float:
    """Milliseconds of CPU."""
    started = time.process_time()
    act()
    return 1000 * (time.process_time() - started)


class _Counted(TorchDispatchMode):
    """Counts the operations that torch is asked for."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch does not type it
        self.count: int = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += 1
        return func(*args, **(kwargs or {}))


def _operations(act: Callable[[], object]) -> int:
    counted = _Counted()
    with counted:
        act()
    return counted.count


def _pictures(count: int, size: int) -> Images:
    """Smooth in colour, as faces are and noise is not: JPEG pays for detail."""
    coarse = np.random.default_rng(0).integers(0, 256, (count, 12, 12, 3), dtype=np.uint8)
    return np.stack([cv2.resize(image, (size, size), interpolation=cv2.INTER_CUBIC) for image in coarse])


if __name__ == "__main__":
    print_record(measure, __doc__)
