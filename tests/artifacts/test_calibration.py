"""A temperature beside what it belongs to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ferray.artifacts.calibration import Calibration, write_calibration
from ferray.artifacts.trial import TrialArtifacts

FOUND = Calibration("ab" * 32, 1.5, 70, 0.9, 0.8, 0.1, (0.05, 0.12), 0.04, (0.0, 0.07), -0.06, (-0.09, -0.02))


@pytest.fixture
def place(tmp_path: Path) -> TrialArtifacts:
    return TrialArtifacts.at(str(tmp_path))


def test_file_holds_its_format_and_what_was_found(place: TrialArtifacts) -> None:
    write_calibration(place, FOUND)
    written = json.loads(place.calibration.read_bytes())
    assert (written["format"], written["temperature"], written["ece_after_interval"]) == (1, 1.5, [0.0, 0.07])
