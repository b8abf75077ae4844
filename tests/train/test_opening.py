from __future__ import annotations

from pathlib import Path

from ferray.testing.trials import demo_config, demo_job
from ferray.train.opening import open_trainer
from ferray.train.trainer import Trainer


def test_a_network_is_opened_as_a_trainer(tmp_path: Path, cache: Path) -> None:
    with open_trainer(demo_job(tmp_path / "trial", cache, demo_config())) as trainer:
        assert isinstance(trainer, Trainer)
