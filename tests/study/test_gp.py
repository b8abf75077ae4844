"""The sampler `gp`."""

from __future__ import annotations

from pathlib import Path

from optuna.samplers import GPSampler

from ferray.registry import ROOMS
from ferray.testing.studies import assert_sampler_proposes_valid_trials


def test_gp_proposes_valid_trials(tmp_path: Path) -> None:
    assert_sampler_proposes_valid_trials("gp", tmp_path / "curves")


def test_gp_is_optunas() -> None:
    factory = ROOMS["sampler"].load("gp")
    assert isinstance(factory(factory.Params()).create(seed=1).inner, GPSampler)
