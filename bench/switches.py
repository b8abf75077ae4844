"""What each switch of the trainer costs, off and on, in CPU seconds an image; and what all of them cost when off.

    python -m bench.switches [--backbone resnet18] [--image-size 48] [--batch-size 32] [--images 280] [--rounds 9]
    python -m bench.switches --only ema "clip norm"

prints one JSON document. Trainings take turns, an epoch each, so that what else the machine does meets all of them; a
figure is the median over rounds, a cost the median of what a round's epoch took beyond that of the plain training in
the same round. `bare` is the same training as a loop of torch alone: what "off" costs is measured against it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from ferray.testing.trials import demo_config, demo_job
from ferray.training.assemble import Assembly, assemble, epoch_batches
from ferray.training.epoch import run_epoch
from ferray.training.evaluation import evaluate, evaluation_size, plain_batches

OFF: dict[str, Any] = {}
SWITCHES: dict[str, dict[str, Any]] = {
    "ema": {"ema": {}},
    "clip norm": {"clip": {"mode": "norm"}},
    "clip value": {"clip": {"mode": "value"}},
    "clip agc": {"clip": {"mode": "agc", "value": 0.01}},
    "decay matrices": {"optimizer": {"decay": "matrices"}},
    "layer_decay": {"optimizer": {"layer_decay": 0.75}},
    "head_lr_factor": {"optimizer": {"head_lr_factor": 10}},
    "sgd": {"optimizer": {"name": "sgd"}},
    "sgd nesterov": {"optimizer": {"name": "sgd", "nesterov": True}},
    "lamb": {"optimizer": {"name": "lamb"}},
    "lion": {"optimizer": {"name": "lion"}},
    "muon": {"optimizer": {"name": "muon"}},
    "one_cycle": {"schedule": {"name": "one_cycle"}},
    "unfreeze": {"unfreeze": {"every_epochs": 2}},
    "augment light": {"augment": "light"},
    "augment rand_augment": {"augment": "rand_augment"},
    "augment trivial_augment": {"augment": "trivial_augment"},
    "mixup": {"mixup": {"alpha": 0.2}},
    "cutmix": {"mixup": {"alpha": 0.0, "cutmix_alpha": 1.0}},
    "label_smoothing": {"label_smoothing": 0.1},
    "random_erasing": {"random_erasing": {}},
    "evaluate flip": {"evaluate": {"flip": True}},
}
Epoch = Callable[[int], object]


def bare_epoch(parts: Assembly) -> Epoch:
    """An epoch of the plain training, by torch alone: no switch is asked about."""
    learner, val = parts.learner, parts.splits.val

    def train_and_judge(epoch: int) -> None:
        positions = epoch_batches(parts.config, parts.training, epoch)
        learner.schedule.begin_epoch(epoch - 1, len(positions))
        learner.model.train()
        loss_sum, hits = torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.int64)
        for batch in parts.prefetcher.feed([_prepare(parts, batch) for batch in positions]):
            logits_NC = learner.logits(batch.images)
            loss = F.cross_entropy(logits_NC, F.one_hot(batch.labels, learner.num_classes).float())
            torch.autograd.backward(loss)
            learner.optimizer.step()
            learner.optimizer.zero_grad(set_to_none=True)
            learner.schedule.step()
            loss_sum += loss.detach() * len(batch)
            hits += (logits_NC.detach().argmax(dim=1) == batch.labels).sum()
        size = evaluation_size(parts.config.batch_size)
        evaluate(learner, plain_batches(val, np.arange(len(val)), size, parts.prefetcher), lambda logits: logits)

    return train_and_judge


def epoch_of(parts: Assembly) -> Epoch:
    """An epoch as a trial has it."""

    def run(epoch: int) -> None:
        with parts.randomness.active():
            run_epoch(parts, epoch)

    return run


def _prepare(parts: Assembly, positions: np.ndarray[Any, np.dtype[np.int64]]) -> Callable[[], Any]:
    return lambda: parts.batches.prepare(positions, epoch=1, index=0)


def timed(epochs: dict[str, Epoch], rounds: int, images: int) -> dict[str, list[float]]:
    """CPU seconds an image of each training, round by round, after one that warms up."""
    found: dict[str, list[float]] = {name: [] for name in epochs}
    for epoch in range(1, rounds + 2):
        for name, run in epochs.items():
            started = time.process_time()
            run(epoch)
            found[name].append((time.process_time() - started) / images)
    return {name: taken[1:] for name, taken in found.items()}


def figures(taken: dict[str, list[float]]) -> dict[str, Any]:
    """Milliseconds of CPU an image, and each switch's cost over the plain training's in the same round."""
    plain = taken["off"]

    def cost(name: str, over: Sequence[float]) -> dict[str, float]:
        ratios = [one / other for one, other in zip(taken[name], over, strict=True)]
        extra = [1000 * (one - other) for one, other in zip(taken[name], over, strict=True)]
        return {
            "ms_an_image": round(1000 * statistics.median(taken[name]), 4),
            "extra_ms_an_image": round(statistics.median(extra), 4),
            "times": round(statistics.median(ratios), 3),
        }

    switches = {name: cost(name, plain) for name in taken if name not in ("off", "bare")}
    return {"off": cost("off", taken["bare"]), "switches": switches}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--backbone", default="", help="a network of timm; tiny_cnn without")
    parser.add_argument("--image-size", type=int, default=48)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--images", type=int, default=280, help="of the training split; a quarter as many validate")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", nargs="*", default=[*SWITCHES], choices=[*SWITCHES], metavar="SWITCH")
    given = parser.parse_args()
    plain = {
        "num_train": given.images,
        "num_val": given.images // 4,
        "backbone": {"timm": {"name": given.backbone}} if given.backbone else "tiny_cnn",
        "image_size": given.image_size,
        "batch_size": given.batch_size,
        "epochs": given.rounds + 1,
    }
    with tempfile.TemporaryDirectory() as folder:

        def assembled(switch: dict[str, Any]) -> Assembly:
            return assemble(demo_job(Path(folder) / "trial", Path(folder) / "cache", demo_config(**plain, **switch)))

        epochs: dict[str, Epoch] = {"bare": bare_epoch(assembled(OFF))}
        for name, switch in {"off": OFF, **{name: SWITCHES[name] for name in given.only}}.items():
            epochs[name] = epoch_of(assembled(switch))
        taken = timed(epochs, given.rounds, given.images)
    print(json.dumps({"benchmark": "switches", "asked_for": vars(given), **figures(taken)}, indent=2))


if __name__ == "__main__":
    main()
