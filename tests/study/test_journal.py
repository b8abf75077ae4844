"""The journal keeps every whole line through torn ones, full disks, read-only disks and readers beside a writer."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from ferray.errors import ClusterError, DataError, ResumeMismatch
from ferray.study.history import load_sweep, read_sweep
from ferray.study.journal import Journal, cut_torn_line
from ferray.study.records import SCHEMA
from ferray.study.store import JOURNAL_NAME, open_store
from ferray.study.study import Study
from ferray.testing.command import ferray
from ferray.testing.curves import open_driver, run_curves, small_spec
from ferray.testing.journals import without_checksums

LINE = {"op_code": 2, "user_attr": {"a": 1}}


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """No file of this process may grow beyond so many bytes, as on a full disk: half a line fits, the rest does not."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def journal_of(folder: Path, *lines: bytes) -> Path:
    path = folder / JOURNAL_NAME
    path.write_bytes(b"".join(lines))
    return path


def finished_sweep(folder: Path) -> Path:
    run_curves(open_driver(folder, small_spec(budget={"trials": 4})))
    return folder / JOURNAL_NAME


def test_lines_read_back_as_written(tmp_path: Path) -> None:
    journal = Journal(journal_of(tmp_path))
    journal.append_logs([LINE, {**LINE, "op_code": 3}])
    assert list(journal.read_logs(0)) == [LINE, {**LINE, "op_code": 3}]


def test_reading_goes_on_where_it_stopped(tmp_path: Path) -> None:
    journal = Journal(journal_of(tmp_path))
    journal.append_logs([LINE])
    assert list(journal.read_logs(0)) == [LINE]
    journal.append_logs([{"op_code": 9}])
    assert list(journal.read_logs(1)) == [{"op_code": 9}]


def test_a_line_that_is_being_written_is_read_when_it_is_whole(tmp_path: Path) -> None:
    path = journal_of(tmp_path, b'{"op_code":2}\n{"op_co')
    journal = Journal(path)
    assert len(list(journal.read_logs(0))) == 1
    with path.open("ab") as file:
        file.write(b'de":3}\n')
    assert list(journal.read_logs(1)) == [{"op_code": 3}]


def test_a_torn_line_is_cut_before_the_next_is_appended(tmp_path: Path) -> None:
    path = journal_of(tmp_path, b'{"op_code":2}\n{"op_code":4, "wor')
    Journal(path).append_logs([LINE])
    assert [json.loads(line)["op_code"] for line in path.read_bytes().splitlines()] == [2, 2]
    assert list(Journal(path).read_logs(0)) == [{"op_code": 2}, LINE]


def test_a_reader_leaves_a_torn_line_alone(tmp_path: Path) -> None:
    path = finished_sweep(tmp_path / "curves")
    with path.open("ab") as file:
        file.write(b'{"op_code": 4, "worker')
    before = path.read_bytes()
    assert len(load_sweep(tmp_path / "curves").trials) == 4
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "torn", [b"x", b"x" * 65_536, b"x" * 200_000, b"\0" * 100], ids=["one", "block", "long", "nul"]
)
def test_a_torn_line_of_any_length_is_cut(torn: bytes, tmp_path: Path) -> None:
    path = journal_of(tmp_path, b"{}\n", torn)
    with path.open("r+b") as file:
        cut_torn_line(file.fileno())
    assert path.read_bytes() == b"{}\n"


def test_a_file_of_one_torn_line_is_emptied(tmp_path: Path) -> None:
    path = journal_of(tmp_path, b'{"op_code": 0')
    with path.open("r+b") as file:
        cut_torn_line(file.fileno())
    assert path.read_bytes() == b""


@pytest.mark.parametrize("damaged", [b'{"op_c\xff\xfe\n', b'{"op_code":2}{"op_code":3}\n', b'{"op_c\n', b"\n"])
def test_a_damaged_line_in_the_middle_is_named(damaged: bytes, tmp_path: Path) -> None:
    path = journal_of(tmp_path, b'{"op_code":2}\n', damaged, b'{"op_code":2}\n')
    with pytest.raises(DataError, match=r"line 2 of .* is damaged, at byte 14"):
        list(Journal(path).read_logs(0))


def test_lines_that_are_read_at_once_say_what_each_says_by_itself(tmp_path: Path) -> None:
    finished_sweep(tmp_path / "curves")
    path = tmp_path / "curves" / JOURNAL_NAME
    at_once = list(Journal(path).read_logs(0))
    path.write_text(without_checksums(path.read_text()))
    assert at_once == list(Journal(path).read_logs(0))


def test_keys_of_lines_that_are_read_at_once_are_held_once(tmp_path: Path) -> None:
    Journal(journal_of(tmp_path, b"")).append_logs([LINE, LINE])
    first, second = Journal(tmp_path / JOURNAL_NAME).read_logs(0)
    assert [name is same for name, same in zip(first["user_attr"], second["user_attr"], strict=True)] == [True]


def test_a_full_disk_leaves_whole_lines_and_is_named(tmp_path: Path) -> None:
    path = journal_of(tmp_path, b'{"op_code":2}\n')
    with no_file_beyond(20), pytest.raises(ClusterError, match="cannot be written: File too large"):
        Journal(path).append_logs([LINE])
    assert path.read_bytes() == b'{"op_code":2}\n'


def test_a_sweep_goes_on_when_a_full_disk_has_room_again(tmp_path: Path) -> None:
    folder = tmp_path / "curves"
    finished = finished_sweep(folder).stat().st_size
    spec = small_spec(budget={"trials": 6})
    with no_file_beyond(finished + 3000), pytest.raises(ClusterError):
        run_curves(open_driver(folder, spec))
    run_curves(open_driver(folder, spec))
    outcomes = [trial.outcome for trial in load_sweep(folder).trials]
    assert outcomes.count("completed") == 6
    assert "running" not in outcomes


def test_a_journal_that_was_moved_away_is_not_begun_anew(tmp_path: Path) -> None:
    study = Study(small_spec(), open_store(tmp_path))
    (tmp_path / JOURNAL_NAME).rename(tmp_path / "moved")
    with pytest.raises(DataError, match="cannot be read: No such file"):
        study.ask()
    assert not (tmp_path / JOURNAL_NAME).exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="cannot be written"):
        open_store(tmp_path / "not" / "there")


def test_reading_creates_no_file(tmp_path: Path) -> None:
    finished_sweep(tmp_path / "curves")
    before = sorted((tmp_path / "curves").rglob("*"))
    assert ferray("leaderboard", "curves", "--output", tmp_path, "--json").code == 0
    assert sorted((tmp_path / "curves").rglob("*")) == before


def test_leaderboard_reads_a_read_only_disk(tmp_path: Path) -> None:
    finished_sweep(tmp_path / "runs" / "curves")
    command = 'mount --bind runs runs && mount -o remount,bind,ro runs && ! touch runs/x 2>/dev/null && exec $0 -c "$1"'
    code = "from ferray.cli import main; main(['leaderboard', 'curves', '--output', 'runs', '--csv'])"
    mount = ["unshare", "--mount", "--map-root-user"]
    if os.geteuid() == 0:
        mount.pop()
    if subprocess.run([*mount, "sh", "-c", "mount -t tmpfs none /mnt"], capture_output=True, check=False).returncode:
        pytest.skip("this process may not mount")
    shell = [*mount, "sh", "-ec", command, sys.executable, code]
    done = subprocess.run(shell, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 5)  # a heading and four trials


def test_readers_beside_a_writer_see_whole_trials(tmp_path: Path) -> None:
    folder = tmp_path / "curves"
    driver = open_driver(folder, small_spec(budget={"trials": 3}))
    readers = [JournalStorage(Journal(folder / JOURNAL_NAME)) for _ in range(2)]
    assert read_sweep(readers[0], "curves").trials == ()
    run_curves(driver)
    assert [len(read_sweep(reader, "curves").trials) for reader in readers] == [3, 3]
    assert read_sweep(readers[0], "curves") == read_sweep(readers[1], "curves") == load_sweep(folder)


def test_a_sweep_of_another_schema_is_not_continued(tmp_path: Path) -> None:
    path = finished_sweep(tmp_path / "curves")
    path.write_text(without_checksums(path.read_text()).replace(f'"schema":{SCHEMA}', '"schema":7'))
    with pytest.raises(ResumeMismatch, match=f"has schema `7`, this ferray reads `{SCHEMA}`") as caught:
        open_driver(tmp_path / "curves", small_spec())
    assert "--fresh" in caught.value.hint


def test_optunas_own_backend_may_write_in_between(tmp_path: Path) -> None:
    folder = tmp_path / "curves"
    study = Study(small_spec(), open_store(folder_of(folder)))
    first = study.ask()
    notes = JournalStorage(JournalFileBackend(str(folder / JOURNAL_NAME)))
    notes.set_study_user_attr(0, "dashboard:note", "looks good")
    second = study.ask()
    study.close()
    assert (first.number, second.number) == (0, 1)
    assert load_sweep(folder).trials[1].params == second.params


def folder_of(folder: Path) -> Path:
    folder.mkdir()
    return folder
