"""The file that an ensemble is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ferray.artifacts.ensemble import Ensemble, Member, checkpoint_of, read_ensemble, write_ensemble
from ferray.artifacts.sweep import SweepArtifacts
from ferray.artifacts.trial import TrialArtifacts
from ferray.errors import DataError

MEMBERS = (
    Member(3, "1f3a9c2e", "trials/0003-1f3a9c2e/best.pt", "ab" * 32, 0.75),
    Member(1, "00000000", "trials/0001-00000000/best.pt", "cd" * 32, 0.25),
)
ENSEMBLE = Ensemble("demo", ("Happy", "Sad"), MEMBERS, "val/uar", 0.7, 3, 0.6, 8, 100, 20, 25)


@pytest.fixture
def place(tmp_path: Path) -> TrialArtifacts:
    artifacts = SweepArtifacts.of(tmp_path / "demo").ensemble
    artifacts.make()
    return artifacts


def test_what_was_written_is_read(place: TrialArtifacts) -> None:
    write_ensemble(place.ensemble, ENSEMBLE)
    assert read_ensemble(place.ensemble) == ENSEMBLE


def test_a_sweep_without_one_has_none(place: TrialArtifacts) -> None:
    assert read_ensemble(place.ensemble) is None


def test_members_are_found_below_the_sweep(place: TrialArtifacts, tmp_path: Path) -> None:
    assert str(checkpoint_of(place, MEMBERS[1])) == str(tmp_path / "demo/trials/0001-00000000/best.pt")


def test_other_weights_are_another_ensemble() -> None:
    swapped = replace(ENSEMBLE, members=tuple(replace(member, weight=0.5) for member in MEMBERS))
    assert swapped.digest != ENSEMBLE.digest == replace(ENSEMBLE, sweep="other").digest


@pytest.mark.parametrize(
    "change",
    [{"format": 2}, {"members": []}, {"members": [{"trial": 1}]}, {"classes": None}, {"unknown": 1}],
    ids=lambda change: next(iter(change)),
)
def test_a_damaged_file_is_named(place: TrialArtifacts, change: dict[str, Any]) -> None:
    place.ensemble.write_text(json.dumps({**ENSEMBLE.to_json(), **change}))
    with pytest.raises(DataError, match="is damaged"):
        read_ensemble(place.ensemble)


def test_weights_that_do_not_add_up_are_damage(place: TrialArtifacts) -> None:
    place.ensemble.write_text(json.dumps(replace(ENSEMBLE, members=MEMBERS[:1]).to_json()))
    with pytest.raises(DataError, match="is damaged"):
        read_ensemble(place.ensemble)
