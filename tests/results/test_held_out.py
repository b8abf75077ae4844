from __future__ import annotations

import json
from pathlib import Path

import pytest

from ferray.artifacts.trial import TrialArtifacts
from ferray.errors import DataError
from ferray.results.held_out import HeldOut, read_held_out, write_held_out

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
