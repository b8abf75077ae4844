from __future__ import annotations

from pathlib import Path

import torch

from bench.trainer import bare_epoch, trainer_epoch
from ferray.testing.trials import demo_config, demo_job
from ferray.training.assemble import Assembly, assemble


def test_both_sides_train_to_the_same_weights(tmp_path: Path) -> None:
    def assembled() -> Assembly:
        # The trainer's rate follows a schedule, the bare step's does not: a constant one makes them alike.
        keys = {"augment": "wang2020", "schedule": {"name": "constant"}, "head": {"linear": {"dropout": 0.0}}}
        config = demo_config(num_train=28, num_val=7, **keys)
        return assemble(demo_job(tmp_path / "trial", tmp_path / "cache", config))

    bare, trained = assembled(), assembled()
    bare_epoch(bare)()
    trainer_epoch(trained)()
    weights = trained.learner.model.state_dict()
    for name, tensor in bare.learner.model.state_dict().items():
        torch.testing.assert_close(weights[name], tensor, rtol=1e-4, atol=1e-6)
