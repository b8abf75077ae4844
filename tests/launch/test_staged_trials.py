"""Trials in stages on Ray's workers: one trains what they share, and those on other workers begin with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ferray.artifacts.history import read_history
from ferray.artifacts.trial import TrialArtifacts
from ferray.study.history import load_sweep

pytestmark = pytest.mark.ray

SPACE = """
dataset: {demo: {num_train: 42, num_val: 14, num_test: 7}}
budget: {trials: 3}
sampler: random
pruner: none
base:
  image_size: 16
  augment: none
  backbone: {tiny_cnn: {width: 4, depth: 2}}
  batch_size: 16
  stages: [{dataset: {demo: {num_train: 84, num_val: 14, num_test: 7, seed: 5}}, epochs: 4}, {epochs: 2}]
space:
  stages.1.optimizer.lr: {log_uniform: [1.0e-4, 1.0e-2]}
"""


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a sweep that two workers have trained, and its log."""
    home = tmp_path_factory.mktemp("staged")
    (home / "staged.yaml").write_text(SPACE)
    where = ["--output", str(home / "runs"), "--tracker", "none", "--max-concurrent", "2", "--device", "cpu"]
    command = [sys.executable, "-m", "cli", "sweep", str(home / "staged.yaml"), *where]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return home / "runs" / "staged", done.stderr


def test_the_second_worker_waits_for_the_stage_that_the_first_trains(swept: tuple[Path, str]) -> None:
    assert "trial 1 waits for a stage that trial 0 trains" in swept[1]
    assert swept[1].count("stage 1 of 2 (demo) has ended") == 1


def test_every_trial_begins_with_the_shared_stage_and_has_its_own_epochs(swept: tuple[Path, str]) -> None:
    trials = load_sweep(swept[0]).trials
    (stage,) = (swept[0] / "trials").glob("stage-*")
    assert {trial.parent["path"] for trial in trials} == {str(stage / "best.pt")}
    assert [len(read_history(TrialArtifacts.at(str(swept[0] / trial.folder)))) for trial in trials] == [2, 2, 2]
