"""The record of a sweep at an address: versions that follow one another, on whatever machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from ferray.artifacts.mirror import RecordMirror
from ferray.errors import ClusterError, DataError
from ferray.testing.memory_files import KIND, MemoryFileSystem


@pytest.fixture
def address() -> Iterator[str]:
    made = f"{KIND}://{uuid4().hex}"
    yield made
    MemoryFileSystem(made).clear()


@pytest.fixture
def here(tmp_path: Path, address: str) -> RecordMirror:
    (tmp_path / "here").mkdir()
    return RecordMirror(tmp_path / "here", address)


@pytest.fixture
def there(tmp_path: Path, address: str) -> RecordMirror:
    return RecordMirror(tmp_path / "there", address)


def record(mirror: RecordMirror, journal: str, **files: str) -> None:
    (mirror.folder / "study.journal").write_text(journal)
    for name, text in files.items():
        (mirror.folder / f"{name}.json").write_text(text)


def journal(mirror: RecordMirror) -> str:
    return (mirror.folder / "study.journal").read_text()


def test_another_machine_restores_the_record(here: RecordMirror, there: RecordMirror) -> None:
    record(here, "1\n", place="{}")
    here.push()
    there.pull()
    assert (journal(there), (there.folder / "place.json").read_text()) == ("1\n", "{}")


def test_and_hands_it_back(here: RecordMirror, there: RecordMirror) -> None:
    record(here, "1\n")
    here.push()
    there.pull()
    record(there, "1\n2\n")
    there.push()
    here.pull()
    assert journal(here) == "1\n2\n"


def test_nothing_is_restored_over_what_is_ahead(here: RecordMirror) -> None:
    record(here, "1\n")
    here.push()
    record(here, "1\n2\n")
    here.pull()
    assert journal(here) == "1\n2\n"


def test_a_line_that_is_being_written_is_not_copied(here: RecordMirror, there: RecordMirror) -> None:
    record(here, "1\n2")
    here.push()
    there.pull()
    assert journal(there) == "1\n"


def test_of_two_machines_the_later_finds_out(here: RecordMirror, there: RecordMirror) -> None:
    record(here, "1\n")
    here.push()
    there.pull()
    record(here, "1\nhere\n")
    here.push()
    record(there, "1\nthere\n")
    with pytest.raises(ClusterError, match="another machine goes on"):
        there.push()


def test_two_records_that_went_apart_are_not_mixed(here: RecordMirror, there: RecordMirror) -> None:
    record(here, "1\n")
    here.push()
    there.pull()
    record(here, "1\nhere\n")
    record(there, "1\nthere\n")
    there.push()
    with pytest.raises(DataError, match="two records"):
        here.pull()
    assert journal(here) == "1\nhere\n"


class CutOff(RecordMirror):
    """Is killed when the version has arrived and before that is written down here."""

    def _remember(self, state: object) -> None:
        if getattr(state, "stamp", "") and getattr(state, "stamp", "") == getattr(state, "coming", ""):
            raise KeyboardInterrupt
        super()._remember(state)  # type: ignore[arg-type]


def test_who_is_killed_between_two_writes_knows_its_own_version(here: RecordMirror) -> None:
    record(here, "1\n")
    with pytest.raises(KeyboardInterrupt):
        CutOff(here.folder, here.address).push()
    record(here, "1\n2\n")
    here.pull()
    here.push()
    assert journal(here) == "1\n2\n"


def test_what_has_not_changed_is_not_sent(here: RecordMirror) -> None:
    record(here, "1\n", place="{}")
    here.push()
    MemoryFileSystem(here.address).delete("place.json")
    record(here, "1\n2\n")
    here.push()
    assert MemoryFileSystem(here.address).names() == ["record.json", "study.journal"]


def test_locks_and_hidden_files_stay_here(here: RecordMirror) -> None:
    record(here, "1\n")
    (here.folder / "driver.lock").write_text("process 1")
    (here.folder / ".hidden").write_text("")
    here.push()
    assert MemoryFileSystem(here.address).names() == ["record.json", "study.journal"]


def test_where_nothing_was_written_nothing_is_restored(there: RecordMirror) -> None:
    there.pull()
    assert not there.folder.exists()


@pytest.mark.parametrize("written", ["-1", "1e300", str(10**30), '"now"'])
def test_a_manifest_has_times_that_a_disk_takes(there: RecordMirror, written: str) -> None:
    files = MemoryFileSystem(there.address)
    files.append("place.json", b"{}")
    files.append("record.json", f'{{"stamp": "x", "files": {{"place.json": {written}}}}}'.encode())
    with pytest.raises(DataError, match="is not what a sweep writes"):
        there.pull()


@pytest.mark.parametrize("name", ["../place.json", "/etc/passwd", ".hidden", "wandb/../../x", "a/b.json"])
def test_a_manifest_does_not_lead_out_of_the_folder(there: RecordMirror, name: str) -> None:
    files = MemoryFileSystem(there.address)
    files.append("record.json", f'{{"stamp": "x", "files": {{"{name}": 1}}}}'.encode())
    with pytest.raises(DataError, match="is not what a sweep writes"):
        there.pull()


def test_of_a_record_in_a_database_the_latest_word_counts(here: RecordMirror, there: RecordMirror) -> None:
    (here.folder / "place.json").write_text("{}")
    here.push()
    there.pull()
    (there.folder / "place.json").write_text("{1}")
    there.push()
    (here.folder / "place.json").write_text("{22}")
    here.push()
    there.pull()
    assert (there.folder / "place.json").read_text() == "{22}"
