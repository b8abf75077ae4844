"""What may stand behind `--output`."""

from __future__ import annotations

from pathlib import Path

import pytest

from ferray.artifacts.mirror import RecordMirror
from ferray.cli.output_option import output_here, output_of_sweeps, push_opened
from ferray.config.place import find_sweep, sweep_names
from ferray.errors import ConfigError
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
