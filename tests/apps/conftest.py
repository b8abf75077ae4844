"""A sweep of four real trainings of a second each, of two recipes by two seeds: what winners are made of."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ferray.testing.command import swept

PAIRS = """
name: pairs
dataset: {demo: {num_train: 70, num_val: 70, num_test: 35}}
objective: {metric: val/uar}
sampler: random
pruner: none
base: {image_size: 16, augment: none, backbone: {tiny_cnn: {width: 4, depth: 3}}, batch_size: 32, epochs: 1}
arms: {plain: {}, shifted: {imbalance: {logit_adjustment: {mode: post_hoc}}}}
seeds: 2
"""


@pytest.fixture(scope="package")
def trained_pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return swept(tmp_path_factory.mktemp("trained") / "pairs.yaml", PAIRS) / "pairs"


@pytest.fixture
def pairs(trained_pairs: Path, tmp_path: Path) -> Path:
    """The sweep as it ended, in a folder that the test may change."""
    return shutil.copytree(trained_pairs, tmp_path / "runs/pairs")
