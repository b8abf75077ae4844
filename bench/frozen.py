"""What a trial with a frozen backbone costs with its features kept, over looking through the backbone every epoch.

    python -m bench.frozen [--backbone resnet18] [--image-size 64] [--epochs 10] [--images 280]

prints one JSON document: CPU seconds of the same training both ways, one thread, and their ratio.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

from ferray.config.job import TrialJob
from ferray.testing.trials import demo_config, demo_job
from ferray.training.assemble import assemble
from ferray.training.backbone_features import keep_features
from ferray.training.epoch import run_epoch


def train(job: TrialJob, epochs: int, *, kept: bool) -> float:
    """CPU seconds of all epochs, the making of the features included."""
    parts, started = assemble(job), time.process_time()
    if kept:
        parts = keep_features(parts)
    with parts.randomness.active():
        for epoch in range(1, epochs + 1):
            run_epoch(parts, epoch)
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--backbone", default="resnet18")
    parser.add_argument("--image-size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--images", type=int, default=280, help="of the training split; a quarter as many validate")
    given = parser.parse_args()
    backbone = {"timm": {"name": given.backbone}}
    config = demo_config(
        num_train=given.images,
        num_val=given.images // 4,
        backbone=backbone,
        image_size=given.image_size,
        epochs=given.epochs,
        finetune="head",
    )
    with tempfile.TemporaryDirectory() as folder:
        job = demo_job(Path(folder) / "trial", Path(folder) / "cache", config)
        train(job, 1, kept=False)
        through, kept = train(job, given.epochs, kept=False), train(job, given.epochs, kept=True)
    figures = {"through_cpu_s": round(through, 2), "kept_cpu_s": round(kept, 2), "ratio": round(through / kept, 1)}
    print(json.dumps({"benchmark": "frozen", "asked_for": vars(given), **figures}, indent=2))


if __name__ == "__main__":
    main()
