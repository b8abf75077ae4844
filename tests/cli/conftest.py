"""A search space of two trainings of a second each."""

from __future__ import annotations

from pathlib import Path

import pytest

TINY = """
dataset: {demo: {num_train: 140, num_val: 70, num_test: 70}}
budget: {trials: 2}
sampler: random
pruner: none
base: {image_size: 32, augment: none, backbone: {tiny_cnn: {width: 4, depth: 3}}, batch_size: 32, epochs: 1}
space:
  optimizer.lr: {log_uniform: [1.0e-3, 1.0e-2]}
  imbalance: {one_of: [none, {focal: {gamma: {uniform: [0.5, 4.0]}}}]}
"""


@pytest.fixture
def space(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    return path
