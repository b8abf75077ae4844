from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ferray.artifacts.trial import TrialArtifacts
from ferray.errors import DataError
from ferray.results.held_out import HeldOut, read_held_out, write_held_out
from ferray.stats.clusters import Clusters, DesignEffect
from ferray.stats.intervals import wilson_interval

ONE = HeldOut(
    trial=3,
    recipe="1f3a9c2e",
    epoch=7,
    n=4,
    metrics={"test/accuracy": 0.75},
    confusion=((2, 0), (1, 1)),
    classes=("Happy", "Sad"),
    checkpoint="ab",
    data="cd",
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_held_out(TrialArtifacts.at(str(tmp_path)), ONE)
    assert read_held_out(TrialArtifacts.at(str(tmp_path))) == ONE


def test_nothing_written_is_none(tmp_path: Path) -> None:
    assert read_held_out(TrialArtifacts.at(str(tmp_path))) is None


def test_no_other_file_is_left(tmp_path: Path) -> None:
    write_held_out(TrialArtifacts.at(str(tmp_path)), ONE)
    assert [path.name for path in tmp_path.iterdir()] == ["test.json"]


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({**ONE.to_json(), "format": 2}), '{"format": 1}'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "test.json").write_text(text)
    with pytest.raises(DataError, match="delete it and evaluate again"):
        read_held_out(TrialArtifacts.at(str(tmp_path)))


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be written"):
        write_held_out(TrialArtifacts.at(str(tmp_path / "gone")), ONE)


def test_the_groups_of_the_images_are_read_back(tmp_path: Path) -> None:
    grouped = replace(ONE, clusters=Clusters("people", 2, {"accuracy": DesignEffect(1.5, 1.0)}))
    write_held_out(TrialArtifacts.at(str(tmp_path)), grouped)
    assert read_held_out(TrialArtifacts.at(str(tmp_path))) == grouped


def test_a_file_from_before_groups_has_the_interval_over_images(tmp_path: Path) -> None:
    document = {name: value for name, value in ONE.to_json().items() if name != "clusters"}
    (tmp_path / "test.json").write_text(json.dumps(document))
    found = read_held_out(TrialArtifacts.at(str(tmp_path)))
    assert found is not None
    assert found.estimate("accuracy").interval == wilson_interval(3, 4)
