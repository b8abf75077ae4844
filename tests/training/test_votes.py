"""A trial that is trained on votes: what the choice changes, and that a cut trial draws what a whole one does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ferray.config.job import TrialJob
from ferray.config.trial import TrialConfig
from ferray.testing.fake_sets import write_ferplus_csv
from ferray.testing.trials import demo_job
from ferray.training.network_trainer import NetworkTrainer


def job(folder: Path, name: str, votes: str, **changes: Any) -> TrialJob:
    """A trial on 21 training faces with ten votes each, below `folder`."""
    if not (folder / "data").exists():
        write_ferplus_csv(folder / "data", per_class=3)
    settings = {"backbone": "tiny_cnn", "image_size": 16, "batch_size": 8, "epochs": 2, "augment": "none"}
    config = TrialConfig.model_validate({"dataset": {"ferplus": {"votes": votes}}, **settings, **changes})
    return demo_job(folder / name, folder / "cache", config, data_root=str(folder / "data"))


def losses(job: TrialJob) -> list[float]:
    with NetworkTrainer(job) as trainer:
        return [trainer.step().metrics["train/loss"] for _ in range(2)]


def test_each_choice_trains_on_targets_of_its_own(tmp_path: Path) -> None:
    assert len({losses(job(tmp_path, votes, votes))[0] for votes in ("soft", "majority", "draw")}) == 3


@pytest.mark.parametrize("mixed", [{}, {"mixup": {"alpha": 0.4}}], ids=["plain", "mixup"])
@pytest.mark.parametrize("votes", ["soft", "draw"])
def test_a_cut_trial_goes_on_bit_for_bit(tmp_path: Path, votes: str, mixed: dict[str, Any]) -> None:
    whole = losses(job(tmp_path, "whole", votes, **mixed))
    with NetworkTrainer(job(tmp_path, "cut", votes, **mixed)) as cut:
        cut.step()
        cut.save()
    with NetworkTrainer(job(tmp_path, "cut", votes, **mixed)) as resumed:
        assert resumed.step().metrics["train/loss"] == whole[1]
