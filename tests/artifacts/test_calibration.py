"""A temperature beside what it belongs to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ferray.artifacts.calibration import Calibration, read_calibration, write_calibration
from ferray.artifacts.trial import TrialArtifacts
from ferray.errors import DataError

FOUND = Calibration("ab" * 32, 1.5, 70, 0.9, 0.8, 0.1, (0.05, 0.12), 0.04, (0.0, 0.07), -0.06, (-0.09, -0.02))


@pytest.fixture
def place(tmp_path: Path) -> TrialArtifacts:
    return TrialArtifacts.at(str(tmp_path))


def test_what_was_written_is_read(place: TrialArtifacts) -> None:
    write_calibration(place, FOUND)
    assert read_calibration(place) == FOUND


def test_what_was_not_calibrated_has_none(place: TrialArtifacts) -> None:
    assert read_calibration(place) is None


@pytest.mark.parametrize(
    "change", [{"format": 2}, {"temperature": 0.0}, {"temperature": "hot"}, {"unknown": 1}], ids=str
)
def test_a_damaged_file_is_named(place: TrialArtifacts, change: dict[str, Any]) -> None:
    place.calibration.write_text(json.dumps({**FOUND.to_json(), **change}))
    with pytest.raises(DataError, match="is damaged"):
        read_calibration(place)
