"""What may stand behind `--output`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ferray.apps.overview import list_sweeps
from ferray.artifacts.file_system import ArtifactFile
from ferray.artifacts.mirror import RecordMirror
from ferray.cli.output_option import output_here, output_of_sweeps, push_opened
from ferray.config.place import find_sweep, sweep_names
from ferray.errors import ConfigError, DataError, StorageError
from ferray.testing.memory_files import KIND, MemoryFileSystem


def test_a_path_is_itself() -> None:
    assert output_of_sweeps("runs/mine") == Path("runs/mine")


def test_an_address_is_a_folder_that_holds_what_was_recorded_there(tmp_path: Path) -> None:
    address = f"{KIND}://{tmp_path.name}/runs"
    (tmp_path / "sfew").mkdir()
    (tmp_path / "sfew" / "study.journal").write_text("1\n")
    RecordMirror(tmp_path / "sfew", f"{address}/sfew").push()
    folder = output_of_sweeps(address)
    assert sweep_names(folder) == ["sfew"]
    assert (folder / "sfew" / "study.journal").read_text() == "1\n"


@pytest.fixture
def address(tmp_path: Path) -> str:
    """An address that holds a sweep and a record of another one that nobody can read."""
    address = f"{KIND}://{tmp_path.name}/runs"
    (tmp_path / "sfew").mkdir()
    (tmp_path / "sfew" / "study.journal").write_text("1\n")
    RecordMirror(tmp_path / "sfew", f"{address}/sfew").push()
    ArtifactFile(MemoryFileSystem(f"{address}/torn"), "record.json").write_text("no manifest")
    return address


def test_a_damaged_record_at_an_address_hides_no_other(address: str) -> None:
    folder = output_of_sweeps(address)
    assert find_sweep("sfew", folder).folder == folder / "sfew"


def test_a_damaged_record_at_an_address_is_named_where_it_is_asked_for(address: str) -> None:
    with pytest.raises(DataError, match=r"torn/record\.json` is not what a sweep writes"):
        find_sweep("torn", output_of_sweeps(address))


def test_a_damaged_record_at_an_address_is_listed_as_unreadable(address: str) -> None:
    notes = {line.name: (line.state, line.note) for line in list_sweeps(output_of_sweeps(address))}
    assert notes["torn"][0] == "unreadable"
    assert "is not what a sweep writes" in notes["torn"][1]


def test_a_record_whose_file_is_gone_hides_no_other(address: str) -> None:
    manifest = {"stamp": "a", "files": {"study.journal": 1}}
    ArtifactFile(MemoryFileSystem(f"{address}/torn"), "record.json").write_text(json.dumps(manifest))
    folder = output_of_sweeps(address)
    assert sweep_names(folder) == ["sfew", "torn"]
    with pytest.raises(StorageError, match=r"study\.journal"):
        find_sweep("torn", folder)


def test_a_command_ends_well_beside_a_damaged_record(address: str) -> None:
    folder = output_of_sweeps(address)
    (folder / "torn").mkdir(parents=True)
    (folder / "torn" / "study.journal").write_text("1\n")
    find_sweep("sfew", folder)
    push_opened()
    assert not MemoryFileSystem(f"{address}/torn").exists("study.journal")


def test_what_a_command_records_there_arrives_at_its_end(tmp_path: Path) -> None:
    address = f"{KIND}://{tmp_path.name}/runs"
    folder = output_of_sweeps(address) / "sfew"
    assert sweep_names(folder.parent) == []
    folder.mkdir()
    (folder / "study.journal").write_text("1\n")
    push_opened()
    assert MemoryFileSystem(f"{address}/sfew").exists("study.journal")


def test_a_sweep_that_is_not_there_is_looked_for_at_the_address(tmp_path: Path) -> None:
    address = f"{KIND}://{tmp_path.name}/runs"
    with pytest.raises(ConfigError, match=f"there is no sweep `sfew` in `{address}`"):
        find_sweep("sfew", output_of_sweeps(address))


def test_commands_that_write_other_files_take_no_address() -> None:
    with pytest.raises(ConfigError, match="is for sweeps"):
        output_here("s3://faces/runs")


def test_arguments_are_read_before_an_address_is_asked() -> None:
    assert not output_of_sweeps("s3://nobody/asks").exists()
