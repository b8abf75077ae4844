"""A trial that was cut off removes the samples it would have removed, whichever rule it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from ferray.config.job import TrialJob
from ferray.testing.trials import demo_config, demo_job
from ferray.training.network_trainer import NetworkTrainer


def job(folder: Path, cache: Path, rule: str) -> TrialJob:
    outliers = {rule: {"start_epoch": 3, "max_removed_fraction": 0.1}}
    return demo_job(folder, cache, demo_config(epochs=4, outliers=outliers))


@pytest.mark.parametrize("rule", ["aum", "bdr", "gmm_loss", "trimmed_loss"])
def test_a_resumed_trial_removes_the_same_samples(rule: str, tmp_path: Path, shared_cache: Path) -> None:
    with NetworkTrainer(job(tmp_path / "whole", shared_cache, rule)) as whole:
        _ = [whole.step() for _ in range(4)]
    with NetworkTrainer(job(tmp_path / "cut", shared_cache, rule)) as cut:
        _ = [cut.step() for _ in range(2)]
        cut.save()
    with NetworkTrainer(job(tmp_path / "cut", shared_cache, rule)) as resumed:
        _ = [resumed.step() for _ in range(2)]
    removed = (tmp_path / "whole" / "removed.csv").read_text()
    assert (tmp_path / "cut" / "removed.csv").read_text() == removed
    assert len(removed.splitlines()) > 1
