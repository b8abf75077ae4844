"""The arithmetic of what one more trial costs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.processes import Watch
from bench.trial_start import SPACE, slopes
from ferray.config.load import load_space


def test_cost_of_a_trial_is_the_difference_of_two_sweeps_over_their_trials() -> None:
    few = {"trials": 50.0, "wall_s": 20.0, "driver": 5.0}
    many = {"trials": 250.0, "wall_s": 36.0, "driver": 9.0}
    assert slopes(few, many) == {"wall_s": pytest.approx(0.08), "driver": pytest.approx(0.02)}


def test_space_is_one_that_ferray_reads(tmp_path: Path) -> None:
    (tmp_path / "idle.yaml").write_text(SPACE)
    assert load_space(str(tmp_path / "idle.yaml"))[0].pruner.name == "hyperband"


def test_processor_seconds_of_the_root_are_the_drivers() -> None:
    watch = Watch(os.getpid())
    watch.look()
    found = watch.cpu_s()
    assert found["driver"] > 0
    assert found["workers"] == 0
