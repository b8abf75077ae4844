"""Trainings one after another in one process, written as a user would by hand: the yardstick of `bench/sweep.py`.

`python -m bench.bare JOBS.json [--threads N]` trains each `{"config": ..., "epochs": ...}` of the file and prints one
JSON object. There is no ferray in the loop: the network is timm's, the optimiser and the schedule torch's, and nothing
is recorded. Taken from ferray are only the packed images, so that both sides read the same pages, and the augmentation
policy, so that both sides do the same work. Channels last and the fused optimiser are in it too: the comparison is to
show what a sweep costs, not what they gain.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from ferray.config.cache_folder import default_cache_dir
from ferray.config.data_root import default_data_root
from ferray.config.trial import TrialConfig
from ferray.data.pack import open_splits
from ferray.data.samples import PackedSamples, Splits


class Training:
    """One configuration as its author would train it: a network, AdamW, a cosine, and an evaluation each epoch."""

    def __init__(self, config: TrialConfig, splits: Splits, image_size: int) -> None:
        torch.manual_seed(config.seed)
        self.splits = splits
        self.batch_size = config.batch_size
        self.augment = config.augment.load()(config.augment.build_params(), image_size)
        self.random = np.random.default_rng(config.seed)
        dropout = config.head.build_params().dropout
        net: nn.Module = timm.create_model(
            config.backbone.build_params().name, num_classes=len(splits.train.classes), drop_rate=dropout
        )
        self.net = net.to(memory_format=torch.channels_last)
        numbers = config.optimizer
        self.optimizer = torch.optim.AdamW(
            self.net.parameters(), numbers.lr, weight_decay=numbers.weight_decay, fused=True
        )
        steps = config.epochs * -(-len(splits.train) // config.batch_size)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, steps)

    def epoch(self) -> tuple[float, float]:
        """Train once over the images, and give the mean training loss and the validation UAR."""
        self.net.train()
        total = 0.0
        for positions in self._batches(self.random.permutation(len(self.splits.train))):
            images = self.augment.apply(self.splits.train.images_of(positions), int(self.random.integers(2**32)))
            labels = torch.from_numpy(self.splits.train.labels[positions])
            loss = F.cross_entropy(self.net(normalised(images)), labels)
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch does not type backward
            self.optimizer.step()
            self.schedule.step()
            total += loss.item() * len(positions)
        return total / len(self.splits.train), self.evaluate(self.splits.val)

    @torch.inference_mode()
    def evaluate(self, samples: PackedSamples) -> float:
        """Mean recall of the classes."""
        self.net.eval()
        batches = self._batches(np.arange(len(samples)))
        predicted = torch.cat([self.net(normalised(samples.images_of(batch))).argmax(1) for batch in batches]).numpy()
        hits = predicted == samples.labels
        return float(np.mean([hits[samples.labels == label].mean() for label in np.unique(samples.labels)]))

    def _batches(self, order: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        return [order[start : start + self.batch_size] for start in range(0, len(order), self.batch_size)]


def normalised(images_NHWC: NDArray[np.uint8]) -> Tensor:
    """uint8 images to the network's input, by ImageNet's mean and standard deviation: (N, 3, H, W), channels last."""
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return ((torch.from_numpy(images_NHWC).float() / 255 - mean) / std).permute(0, 3, 1, 2)


def train_all(jobs: list[dict[str, Any]]) -> dict[str, float]:
    """Seconds from the start of the first epoch to the end of the last, on the clock and of the processor."""
    began: tuple[float, float] | None = None
    for job in jobs:
        config = TrialConfig.model_validate(job["config"])
        assert config.image_size is not None, "the benchmark fixes the size"
        splits = open_splits(
            config.dataset,
            size=config.image_size,
            limit_per_class=config.limit_per_class,
            data_root=default_data_root(),
            cache_dir=default_cache_dir(),
        )
        training = Training(config, splits, config.image_size)
        began = began or (time.perf_counter(), time.process_time())
        for _ in range(job["epochs"]):
            training.epoch()
    assert began is not None, "there is something to train"
    return {"seconds": time.perf_counter() - began[0], "cpu_s": time.process_time() - began[1]}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("jobs", type=Path)
    parser.add_argument("--threads", type=int, help="torch's threads; else torch's own choice")
    arguments = parser.parse_args()
    if arguments.threads is not None:
        torch.set_num_threads(arguments.threads)
    jobs = json.loads(arguments.jobs.read_text())
    figures = train_all(jobs)
    peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    epochs = sum(job["epochs"] for job in jobs)
    print(json.dumps({"epochs": epochs, "threads": torch.get_num_threads(), **figures, "peak_rss_gib": peak_gib}))


if __name__ == "__main__":
    main()
