"""What a linear head costs that is trained with others on kept features, over one that is trained by itself.

    python -m bench.heads [--quick] [--heads 64]

prints one JSON document, processor seconds a head: a whole trial with all its records, from its building to its
best.pt, of 20 epochs on 2,000 images of which a frozen EfficientNet-Lite0 has kept 1,280 features each. `private` are
bundles of 16 heads that each have a seed, an order and masks of their own, `shared` those of one seed, whose order and
masks are the same; their floor is the same trials one after another on the same features. `through` is the private
bundle over a trial that looks through its backbone in every epoch, of which one epoch is measured. Bundles and trials
take turns, a round each, in a process that passes over its libraries when it looks for what is left, as workers do.
`difference` is the largest between any metric of any epoch of a head in its private bundle and alone, and `apart` says
of how many epochs, of how much of that are losses, and in how many an image was judged otherwise.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from safetensors.torch import save_file

from bench.record import Record, recording, timing
from ferray.config.job import TrialJob
from ferray.events import EpochReport
from ferray.testing.bundles import Reports, train_bundle
from ferray.testing.trials import demo_config, demo_job
from ferray.training.assemble import assemble
from ferray.training.epoch import run_epoch

BUNDLE = 16
NETWORK = "tf_efficientnet_lite0"
EPOCHS, IMAGES, VAL_IMAGES, SIZE = 20, 2000, 500, 64
ALONE = 2  # trials by themselves in a round


def save_network(path: Path) -> Path:
    """Random weights of the backbone, from outside as far as trials can tell."""
    import timm

    torch.manual_seed(0)
    net = timm.create_model(NETWORK, num_classes=0)
    save_file({name: tensor.contiguous() for name, tensor in net.state_dict().items()}, path)
    return path


class Heads:
    """Trials of heads below a folder, which differ in rate, decay, strategy and, where private, seed.

    They are linear unless `keys`, of a trial, say otherwise.
    """

    def __init__(
        self, folder: Path, *, epochs: int, images: int, val_images: int, size: int, device: str = "cpu", **keys: Any
    ) -> None:
        self._folder, self._device = folder, device
        self._keys = {"head": {"linear": {"dropout": 0.3}}, **keys}
        self._weights = save_network(folder / "net.safetensors")
        self._epochs = epochs
        self._sizes = {"num_train": images, "num_val": val_images, "image_size": size}

    def job(self, number: int, *, seed: int, place: str = "trials") -> TrialJob:
        """The trial of this number."""
        config = demo_config(
            **self._sizes,
            backbone={"timm": {"name": NETWORK, "weights": str(self._weights)}},
            finetune="head",
            batch_size=64,
            epochs=self._epochs,
            optimizer={"name": "adamw", "lr": 1e-4 * 1.3 ** (number % BUNDLE), "weight_decay": 1e-3 * (number % 5)},
            imbalance=[{"none": {}}, {"focal": {"gamma": 0.5 + number % 4}}][number % 2],
            seed=seed,
            **self._keys,
        )
        (self._folder / place).mkdir(exist_ok=True)
        job = demo_job(self._folder / place / f"{number:04}", self._folder / "cache", config)
        return replace(job, number=number, device=self._device)

    def forget(self, place: str = "trials") -> None:
        """Delete what trials have left, 14 MB each."""
        shutil.rmtree(self._folder / place)


@dataclass(frozen=True)
class Apart:
    """How far a head's epoch in a bundle is from the same one alone: by its losses, by any metric, and in images.

    Losses differ by rounding. An image whose two likeliest classes are as close as that may be judged otherwise, by
    which accuracies differ by whole images.
    """

    losses: float
    any_metric: float
    images: int


def apart(fused: Reports, alone: Reports) -> list[Apart]:
    """Each epoch of heads that both have, but for what the clock says."""
    pairs = [pair for number in alone for pair in zip(fused[number], alone[number], strict=True)]
    return [_apart(one, other) for one, other in pairs]


def _apart(one: EpochReport, other: EpochReport) -> Apart:
    found = {
        name: abs(value - other.metrics[name])
        for name, value in one.metrics.items()
        if name not in ("seconds", "images_per_s")
    }
    moved = np.abs(np.array(one.confusion) - np.array(other.confusion)).sum() // 2
    losses = max(value for name, value in found.items() if name.endswith("loss"))
    return Apart(losses, max(found.values()), int(moved))


def through_backbone(job: TrialJob) -> float:
    """Processor seconds of one epoch of a trial that keeps no features."""
    parts = assemble(job)
    with timing() as taken, parts.randomness.active():
        run_epoch(parts, 1)
    return taken[0].cpu_s


def measure(quick: bool = False, heads: int = 4 * BUNDLE) -> Record:
    """The figures of so many heads; the promises of the issue are of 512."""
    torch.set_num_threads(1)
    sizes = (2, 140, 70, 32) if quick else (EPOCHS, IMAGES, VAL_IMAGES, SIZE)
    settings: dict[str, Any] = dict(zip(("epochs", "images", "val_images", "size"), sizes, strict=True))
    with tempfile.TemporaryDirectory() as folder, recording("heads", quick=quick) as record:
        trials = Heads(Path(folder), **settings)
        train_bundle([trials.job(number, seed=number) for number in range(2)])  # decodes, and keeps the features
        gc.freeze()  # as launchers do, so that no bundle's end walks through the libraries
        through_s = through_backbone(trials.job(0, seed=0, place="through")) * settings["epochs"]
        rounds = [_round(trials, start) for start in range(0, BUNDLE if quick else heads, BUNDLE)]
        sides = {side: [costs[side] for costs, _ in rounds] for side in ("private", "shared", "alone")}
        record.compare("private", sides["private"], sides["alone"], unit="CPU s a head", at_most=1 / 3)
        record.compare("shared", sides["shared"], sides["alone"], unit="CPU s a head", at_most=1 / 10)
        through = [through_s] * len(rounds)
        record.compare("through", sides["private"], through, unit="CPU s a head", at_most=1 / 100)
        epochs = [epoch for _, found in rounds for epoch in found]
        record.state("difference", max(epoch.any_metric for epoch in epochs), "of a metric", at_most=1e-4)
        record.details |= {"heads": BUNDLE * len(rounds), "settings": settings, "times": _times(sides, through_s)}
        record.details["apart"] = {
            "epochs": len(epochs),
            "losses": max(epoch.losses for epoch in epochs),
            "epochs_with_an_image_judged_otherwise": sum(epoch.images > 0 for epoch in epochs),
        }
    gc.unfreeze()  # else the libraries' own end tells of what it takes for leaks
    return record.document()


def _round(trials: Heads, start: int) -> tuple[dict[str, float], list[Apart]]:
    """Seconds a head of each side, and what fusing made of the epochs of those that were trained alone too."""
    numbers = range(start, start + BUNDLE)
    own = [trials.job(number, seed=number) for number in numbers]
    same = [trials.job(number, seed=0, place="shared") for number in numbers]
    by_itself = [trials.job(number, seed=number, place="alone") for number in numbers[:ALONE]]
    with timing() as private:
        fused = train_bundle(own)
    with timing() as shared:
        train_bundle(same)
    with timing() as alone:
        single = [train_bundle([job]) for job in by_itself]
    for place in ("trials", "shared", "alone"):
        trials.forget(place)
    found = [epoch for reports in single for epoch in apart(fused, reports)]
    costs = {"private": private[0].cpu_s / BUNDLE, "shared": shared[0].cpu_s / BUNDLE}
    return {**costs, "alone": alone[0].cpu_s / ALONE}, found


def _times(sides: dict[str, list[float]], through_s: float) -> dict[str, Any]:
    """How many times what a head costs alone, or through its backbone, one in a bundle costs."""
    alone = median(sides["alone"])
    return {
        **{side: round(alone / median(sides[side]), 2) for side in ("private", "shared")},
        "through": round(through_s / median(sides["private"]), 1),
        "through_over_shared": round(through_s / median(sides["shared"]), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="just enough to see that it works")
    parser.add_argument("--heads", type=int, default=4 * BUNDLE, help="in all; a whole number of bundles of 16")
    given = parser.parse_args()
    print(json.dumps(measure(given.quick, given.heads), indent=2))


if __name__ == "__main__":
    main()
