"""Each switch of the trainer goes on from a checkpoint with the bits of a training that nobody interrupted."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import torch

from ferray.testing.trials import demo_config, demo_job
from ferray.training.assemble import Assembly, assemble
from ferray.training.epoch import run_epoch

SWITCHES: dict[str, dict[str, Any]] = {
    "ema": {"ema": {"decay": 0.9}},
    "clip norm": {"clip": {"mode": "norm", "value": 0.5}},
    "clip agc": {"clip": {"mode": "agc", "value": 0.01}},
    "layers and decay": {"optimizer": {"layer_decay": 0.7, "head_lr_factor": 3, "decay": "matrices"}},
    "lamb": {"optimizer": {"name": "lamb"}},
    "muon": {"optimizer": {"name": "muon"}},
    "one cycle": {"schedule": {"name": "one_cycle"}},
    "unfreezing": {"unfreeze": {}, "optimizer": {"name": "sgd"}},
    "warm-up in steps": {"schedule": {"warmup_steps": 3}},
    "mixup": {"mixup": {"alpha": 0.4}},
    "mixup and cutmix": {"mixup": {"alpha": 0.4, "cutmix_alpha": 1.0, "prob": 0.8}},
    "label smoothing": {"label_smoothing": 0.1},
    "random erasing": {"random_erasing": {"probability": 0.5}},
    "trivial augment": {"augment": "trivial_augment"},
    "augmented on the device": {"augment": "assa2021", "augment_on": "device", "random_erasing": {"probability": 0.5}},
    "views": {"evaluate": {"flip": True, "crops": 5}},
}
SMALL = {"num_train": 28, "num_val": 14, "image_size": 16, "batch_size": 8, "epochs": 3}


def assembled(folder: Path, cache: Path, switches: dict[str, Any]) -> Assembly:
    return assemble(demo_job(folder, cache, demo_config(**SMALL, **switches)))


def train(parts: Assembly, first: int, last: int) -> float:
    """Train these epochs; the last one's loss on validation images."""
    with parts.randomness.active():
        loss = [run_epoch(parts, epoch).report.metrics["val/loss"] for epoch in range(first, last + 1)][-1]
    parts.prefetcher.close()
    return loss


def kept(parts: Assembly) -> dict[str, torch.Tensor]:
    return parts.learner.judged.model.state_dict()


def through_a_file(state: dict[str, Any]) -> dict[str, Any]:
    """A state as it comes back from a checkpoint, whose reading runs no code."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    read: dict[str, Any] = torch.load(file, weights_only=True)
    return read


@pytest.mark.parametrize("switches", SWITCHES.values(), ids=SWITCHES)
def test_a_switch_goes_on_with_the_bits_of_a_whole_training(
    switches: dict[str, Any], tmp_path: Path, cache: Path
) -> None:
    whole, cut, resumed = (assembled(tmp_path, cache, switches) for _ in range(3))
    train(cut, 1, 2)
    state = through_a_file({"learner": cut.learner.state_dict(), "rng": cut.randomness.state_dict()})
    resumed.learner.load_state_dict(state["learner"])
    resumed.randomness.load_state_dict(state["rng"])
    assert train(resumed, 3, 3) == train(whole, 1, 3)
    assert all(torch.equal(kept(resumed)[name], tensor) for name, tensor in kept(whole).items())


@pytest.mark.parametrize("switches", SWITCHES.values(), ids=SWITCHES)
def test_a_switch_changes_the_training(switches: dict[str, Any], tmp_path: Path, cache: Path) -> None:
    on, off = assembled(tmp_path, cache, switches), assembled(tmp_path, cache, {})
    assert train(on, 1, 2) != train(off, 1, 2)
