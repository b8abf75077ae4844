"""The trainer's switches, all on at once, beside each strategy against imbalance and each rule for wrong labels."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from ferray.events import EpochReport
from ferray.registry import ROOMS
from ferray.testing.trials import demo_config, demo_job
from ferray.training.assemble import assemble
from ferray.training.epoch import run_epoch
from ferray.training.network_trainer import NetworkTrainer

ALL_ON: dict[str, Any] = {
    "optimizer": {"name": "nadamw", "layer_decay": 0.8, "head_lr_factor": 2, "decay": "matrices"},
    "schedule": {"name": "one_cycle", "warmup_steps": 2},
    "clip": {"mode": "agc", "value": 0.05},
    "ema": {"decay": 0.9},
    "unfreeze": {"every_epochs": 1},
    "early_stopping": {"patience": 3},
    "evaluate": {"flip": True},
}
MIXED: dict[str, Any] = {"mixup": {"cutmix_alpha": 1.0}, "label_smoothing": 0.1, "random_erasing": {}}
SMALL = {"num_train": 56, "num_val": 14, "image_size": 16, "batch_size": 8}


def an_epoch(folder: Path, cache: Path, switches: dict[str, Any]) -> EpochReport:
    parts = assemble(demo_job(folder, cache, demo_config(**SMALL, **ALL_ON, **switches)))
    with parts.randomness.active():
        report = run_epoch(parts, 1).report
    parts.prefetcher.close()
    return report


@pytest.mark.parametrize("imbalance", ROOMS["imbalance"].names())
def test_every_strategy_against_imbalance_trains_with_them(imbalance: str, tmp_path: Path, cache: Path) -> None:
    assert math.isfinite(an_epoch(tmp_path, cache, {"imbalance": imbalance}).metrics["val/loss"])


@pytest.mark.parametrize("outliers", [name for name in ROOMS["outliers"].names() if name != "none"])
def test_every_rule_for_wrong_labels_looks_at_what_they_train(outliers: str, tmp_path: Path, cache: Path) -> None:
    rule = ROOMS["outliers"].params(outliers)
    params = {"start_epoch": 1} if "start_epoch" in rule.model_fields else {}
    assert an_epoch(tmp_path, cache, {"outliers": {outliers: params}}).num_train == 56


def test_a_frozen_backbone_is_looked_through_once_with_them(tmp_path: Path, cache: Path) -> None:
    off = {"unfreeze": None, "clip": {"mode": "norm"}, "evaluate": {}}
    config = demo_config(**SMALL, **{**ALL_ON, **off, "finetune": "head"})
    with NetworkTrainer(demo_job(tmp_path, cache, config)) as trainer:
        assert trainer.parts.learner.takes_features
        assert math.isfinite(trainer.step().metrics["val/loss"])


def figures(reports: tuple[EpochReport, ...]) -> list[dict[str, float]]:
    """The metrics of every epoch but for the clock's."""
    clock = ("seconds", "images_per_s")
    return [{name: value for name, value in report.metrics.items() if name not in clock} for report in reports]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = torch.load(folder / "best.pt", weights_only=True)["model"]
    return found


def test_all_of_them_go_on_with_the_bits_of_a_whole_training(tmp_path: Path, cache: Path) -> None:
    job = demo_job(
        tmp_path / "whole", cache, demo_config(**SMALL, **{**ALL_ON, **MIXED, "epochs": 3, "augment": "light"})
    )
    with NetworkTrainer(job) as trainer:
        whole = figures(tuple(trainer.step() for _ in range(3)))
    cut = replace(job, folder=str(tmp_path / "cut"))
    with NetworkTrainer(cut) as trainer:
        trainer.step()
        trainer.step()
        trainer.save()
    with NetworkTrainer(replace(job, folder=str(tmp_path / "on"), resume_from=f"{cut.folder}/last.pt")) as trainer:
        trainer.step()
        assert figures(trainer.history) == whole
    one, other = weights(tmp_path / "whole"), weights(tmp_path / "on")
    assert all(torch.equal(one[name], other[name]) for name in one)
