"""The pruner `hyperband`."""

from __future__ import annotations

from pathlib import Path

from ferray.testing.studies import assert_pruner_lets_the_best_trial_finish


def test_hyperband_lets_the_best_trial_finish(tmp_path: Path) -> None:
    assert_pruner_lets_the_best_trial_finish("hyperband", tmp_path / "curves")
