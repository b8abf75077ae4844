"""The sampler `tpe`."""

from __future__ import annotations

from pathlib import Path

from ferray.registry import ROOMS
from ferray.study.samplers._quick_tpe import QuickTPESampler
from ferray.testing.studies import assert_sampler_proposes_valid_trials


def test_tpe_proposes_valid_trials(tmp_path: Path) -> None:
    assert_sampler_proposes_valid_trials("tpe", tmp_path / "curves")


def test_tpe_is_optunas_own_draw_for_draw() -> None:  # as tests/study/test_quick_tpe.py holds it to
    factory = ROOMS["sampler"].load("tpe")
    assert type(factory(factory.Params()).create(seed=1).inner) is QuickTPESampler
