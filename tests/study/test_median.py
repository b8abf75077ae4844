"""The pruner `median`."""

from __future__ import annotations

from pathlib import Path

from ferray.registry import ROOMS
from ferray.testing.studies import assert_pruner_lets_the_best_trial_finish


def test_median_lets_the_best_trial_finish(tmp_path: Path) -> None:
    assert_pruner_lets_the_best_trial_finish("median", tmp_path / "curves")


def test_median_is_optunas_own() -> None:
    factory = ROOMS["pruner"].load("median")
    assert type(factory(factory.Params()).create()).__module__.startswith("optuna.pruners")
