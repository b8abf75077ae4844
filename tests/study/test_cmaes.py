"""The sampler `cmaes`."""

from __future__ import annotations

from pathlib import Path

from ferray.registry import ROOMS
from ferray.testing.studies import assert_sampler_proposes_valid_trials


def test_cmaes_proposes_valid_trials(tmp_path: Path) -> None:
    assert_sampler_proposes_valid_trials("cmaes", tmp_path / "curves")


def test_cmaes_is_optunas_own() -> None:
    factory = ROOMS["sampler"].load("cmaes")
    assert type(factory(factory.Params()).create(seed=1).inner).__module__.startswith("optuna.samplers")
