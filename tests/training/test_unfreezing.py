from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from ferray.config.trial import TrialConfig
from ferray.models.model import build_model
from ferray.testing.trials import demo_config, demo_job
from ferray.training.assemble import assemble
from ferray.training.epoch import run_epoch
from ferray.training.unfreezing import finetuned_in

THREE_STAGES = {"tiny_cnn": {"width": 4, "depth": 3}}
SMALL = {"num_train": 28, "num_val": 14, "image_size": 16, "batch_size": 8, "epochs": 4}


def trained_in(config: TrialConfig, epochs: int) -> list[Any]:
    model = build_model(config, 7)
    return [finetuned_in(epoch, config, model) for epoch in range(1, epochs + 1)]


@pytest.mark.parametrize(
    ("finetune", "every_epochs", "expected"),
    [
        ("all", 1, ["head", 1, 2, "all", "all"]),
        (2, 1, ["head", 1, 2, 2, 2]),
        ("all", 2, ["head", "head", 1, 1, 2]),
        (2, 0, [2, 2, 2, 2, 2]),
    ],
)
def test_stages_join_one_after_another(finetune: Any, every_epochs: int, expected: list[Any]) -> None:
    config = demo_config(backbone=THREE_STAGES, finetune=finetune, unfreeze={"every_epochs": every_epochs})
    assert trained_in(config, 5) == expected


def test_without_it_every_epoch_trains_the_same() -> None:
    assert trained_in(demo_config(backbone=THREE_STAGES, finetune=1), 2) == [1, 1]


def test_a_stage_stays_as_it_is_until_it_joins(tmp_path: Path, cache: Path) -> None:
    config = demo_config(**SMALL, backbone=THREE_STAGES, unfreeze={"every_epochs": 1}, optimizer={"name": "sgd"})
    parts = assemble(demo_job(tmp_path, cache, config))
    moved = []
    with parts.randomness.active():
        for epoch in range(1, 5):
            before = {name: tensor.clone() for name, tensor in parts.learner.model.backbone.state_dict().items()}
            run_epoch(parts, epoch)
            after = parts.learner.model.backbone.state_dict()
            moved.append({name.split(".")[1] for name in after if not torch.equal(before[name], after[name])})
    parts.prefetcher.close()
    assert moved == [set(), {"2"}, {"1", "2"}, {"0", "1", "2"}]
