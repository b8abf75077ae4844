"""The pruner `none`."""

from __future__ import annotations

from pathlib import Path

from ferray.registry import ROOMS
from ferray.testing.studies import assert_pruner_lets_the_best_trial_finish


def test_none_lets_the_best_trial_finish(tmp_path: Path) -> None:
    assert_pruner_lets_the_best_trial_finish("none", tmp_path / "curves")


def test_none_is_optunas_own() -> None:
    factory = ROOMS["pruner"].load("none")
    assert type(factory(factory.Params()).create()).__module__.startswith("optuna.pruners")
