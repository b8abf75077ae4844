"""Small trials on drawn faces, for tests that really train."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ferray.config.job import TrialJob
from ferray.config.trial import TrialConfig
from ferray.data.samples import PackedSamples
from ferray.emotions import EMOTION_NAMES


def demo_config(*, num_train: int = 84, num_val: int = 28, label_noise: float = 0.08, **changes: Any) -> TrialConfig:
    """A tiny_cnn on a few drawn faces of 32 pixels for two epochs; `changes` are TrialConfig's own keys."""
    sizes = {"num_train": num_train, "num_val": num_val, "num_test": 7, "label_noise": label_noise}
    settings = {"backbone": "tiny_cnn", "image_size": 32, "batch_size": 16, "epochs": 2, "augment": "none"}
    return TrialConfig.model_validate({"dataset": {"demo": sizes}, **settings, **changes})


def demo_job(folder: Path, cache: Path, config: TrialConfig, **changes: Any) -> TrialJob:
    """A job on one CPU thread in `folder`; its images are packed below `cache`."""
    job = TrialJob(number=0, config=config.to_json(), folder=str(folder), cache_dir=str(cache), device="cpu")
    return replace(job, **changes)


def packed_samples(
    labels: list[int], *, true_labels: list[int] | None = None, size: int = 8, votes: list[list[float]] | None = None
) -> PackedSamples:
    """Noise images of the seven expressions in memory; ids count from 100, the right labels are unknown by default."""
    count = len(labels)
    return PackedSamples(
        images=np.random.default_rng(0).integers(0, 256, (count, size, size, 3), dtype=np.uint8),
        rows=np.arange(count),
        labels=np.asarray(labels, dtype=np.int64),
        sample_ids=np.arange(count) + 100,
        true_labels=np.full(count, -1) if true_labels is None else np.asarray(true_labels, dtype=np.int64),
        names=tuple(f"face{number}" for number in range(count)),
        classes=EMOTION_NAMES,
        votes=None if votes is None else np.asarray(votes, dtype=np.float32),
    )
