"""Heads on kept features, sixteen trained as one beside one after another, on a device: a part of `bench/gpu.py`."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.heads import BUNDLE, Heads
from bench.record import Recording, timing
from ferray.config.job import TrialJob
from ferray.testing.bundles import train_bundle

KINDS: dict[str, dict[str, Any]] = {
    "linear": {"linear": {"dropout": 0.3}},
    "hidden layer": {"selu_mlp": {"hidden": 512}},
}
ALONE = 2  # heads by themselves in a round


def fused_heads(record: Recording, *, device: str, rounds: int, quick: bool) -> None:
    """Seconds a head, by the clock, of a whole trial with its records: of a bundle, and of trials by themselves."""
    sizes = (
        {"epochs": 2, "images": 140, "val_images": 70} if quick else {"epochs": 20, "images": 2000, "val_images": 500}
    )
    for kind, head in KINDS.items():
        with tempfile.TemporaryDirectory() as folder:
            trials = Heads(Path(folder), **sizes, size=32 if quick else 64, device=device, head=head)
            train_bundle([trials.job(number, seed=number) for number in range(2)])  # decodes, and keeps the features
            found = [_round(trials, BUNDLE * (number + 1)) for number in range(rounds)]
        fused, alone = zip(*found, strict=True)
        record.compare(f"heads: {kind}, {BUNDLE} as one", fused, alone, unit="s a head")


def _round(trials: Heads, start: int) -> tuple[float, float]:
    together = [trials.job(number, seed=number) for number in range(start, start + BUNDLE)]
    by_itself = [trials.job(number, seed=number, place="alone") for number in range(start, start + ALONE)]
    seconds = _seconds_a_head([together]), _seconds_a_head([[job] for job in by_itself])
    for place in ("trials", "alone"):
        trials.forget(place)
    return seconds


def _seconds_a_head(bundles: Sequence[Sequence[TrialJob]]) -> float:
    with timing() as taken:
        for bundle in bundles:
            train_bundle(bundle)
    return taken[0].wall_s / sum(len(bundle) for bundle in bundles)
