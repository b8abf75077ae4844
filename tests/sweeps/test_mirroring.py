"""What is heard of a record that is copied while its sweep runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ferray.config.output_address import remember_address
from ferray.errors import ClusterError, ConfigError, StorageError
from ferray.sweeps.driver_lock import only_driver
from ferray.sweeps.mirroring import Mirroring, push_records, record_mirrored
from ferray.testing.memory_files import KIND, MemoryFileSystem


class Faulty:
    """A mirror whose next copies end so."""

    address, folder = "s3://faces/runs/sfew", "sfew"

    def __init__(self, *errors: Exception | None) -> None:
        self.errors = list(errors)

    def push(self) -> None:
        if self.errors and (error := self.errors.pop(0)) is not None:
            raise error


def after(*errors: Exception | None) -> Mirroring:
    made = Mirroring(Faulty(*errors))  # type: ignore[arg-type]
    for _ in errors:
        made._copy()
    return made


def test_nothing_is_told_of_copies_that_arrive() -> None:
    assert after(None, None).news() == []


def test_an_address_that_fails_is_told_once() -> None:
    mirroring = after(StorageError("no answer"), StorageError("no answer"))
    assert (len(mirroring.news()), mirroring.news()) == (1, [])


def test_and_that_it_answers_again() -> None:
    mirroring = after(StorageError("no answer"))
    mirroring.news()
    mirroring._copy()
    assert mirroring.news() == ["the record is copied to `s3://faces/runs/sfew` again"]


def test_who_was_overtaken_ends() -> None:
    with pytest.raises(ClusterError, match="another machine"):
        after(ClusterError("another machine goes on")).news()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    remember_address(tmp_path, f"{KIND}://{tmp_path.name}")
    made = tmp_path / "sfew"
    made.mkdir()
    (made / "study.journal").write_text("1\n")
    return made


def test_what_a_command_has_recorded_is_copied_after_it(folder: Path) -> None:
    push_records(folder.parent)
    assert MemoryFileSystem(f"{KIND}://{folder.parent.name}/sfew").names() == ["record.json", "study.journal"]


def test_a_sweep_that_runs_copies_its_record_itself(folder: Path) -> None:
    with only_driver(folder):
        push_records(folder.parent)
    assert MemoryFileSystem(f"{KIND}://{folder.parent.name}/sfew").names() == []


def interrupted_sweep(folder: Path) -> None:
    with record_mirrored(folder) as mirroring:
        assert mirroring is not None
        mirroring.begin()
        (folder / "study.journal").write_text("1\n2\n")
        raise KeyboardInterrupt


def test_a_sweep_that_raises_is_copied_too(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted_sweep(folder)
    assert MemoryFileSystem(f"{KIND}://{folder.parent.name}/sfew").size("study.journal") == 4


def test_a_start_that_is_refused_takes_nothing_from_who_drives(folder: Path) -> None:
    with pytest.raises(ConfigError), record_mirrored(folder):
        raise ConfigError("another drives it")
    assert MemoryFileSystem(f"{KIND}://{folder.parent.name}/sfew").names() == []


def test_a_folder_of_its_own_is_copied_nowhere(tmp_path: Path) -> None:
    with record_mirrored(tmp_path / "sfew") as mirroring:
        assert mirroring is None
