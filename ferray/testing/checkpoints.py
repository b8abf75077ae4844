"""A best.pt of a network that nobody trained, for tests of what is made of one."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from ferray.artifacts.address import file_at
from ferray.config.trial import TrialConfig
from ferray.emotions import EMOTION_NAMES
from ferray.models.model import build_model
from ferray.testing.trials import demo_config
from ferray.training.best_checkpoint import BestCheckpoint
from ferray.training.checkpoint import copy_weights, write_checkpoint
from ferray.training.image_preprocessing import ImagePreprocessing


def write_untrained(folder: Path, **changes: Any) -> Path:
    """The best.pt, in `folder`, of a trial as `demo_config` has it but for these changes, weights drawn at random."""
    config: TrialConfig = demo_config(epochs=1, **changes)
    classes = len(EMOTION_NAMES)
    model = build_model(config, classes)
    with torch.no_grad():  # so that no layer's scale is one, and none of its shifts zero
        for buffer in model.buffers():
            if buffer.is_floating_point():
                buffer.add_(0.25)
    checkpoint = BestCheckpoint(
        config=config,
        classes=EMOTION_NAMES,
        class_counts=tuple(range(1, classes + 1)),
        image_size=config.image_size or 0,
        epoch=1,
        metrics={"val/accuracy": 0.5, "val/uar": 0.5, "val/macro_f1": 0.5, "val/loss": 1.0},
        confusion=tuple(map(tuple, (2 * torch.eye(classes).int() + torch.eye(classes).int().roll(1, 0)).tolist())),
        removed_ids=(),
        parts={
            "model": copy_weights(model.state_dict()),
            "input_spec": asdict(model.input_spec),
            "pixels": ImagePreprocessing(config.pixels, model.input_spec).to_json(),
        },
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_checkpoint(file_at(str(folder / "best.pt")), "best", checkpoint.to_state())
    return folder / "best.pt"
