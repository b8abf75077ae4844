"""One bit that flips in a journal, and a line that is lost, repeated or moved, are noticed; older journals open."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from ferray.errors import DataError
from ferray.study.checksums import crc_of, sealed
from ferray.study.history import load_sweep
from ferray.study.journal import Journal
from ferray.study.store import JOURNAL_NAME, open_store
from ferray.testing.curves import open_driver, run_curves, small_spec
from ferray.testing.fuzz import FUZZ
from ferray.testing.journals import without_checksums

Folders = pytest.TempPathFactory
OPERATIONS = [{"op_code": 2, "study_id": 0, "user_attr": {"a": number}} for number in range(4)]


def written(folder: Path) -> Path:
    path = folder / JOURNAL_NAME
    path.write_bytes(b"")
    Journal(path).append_logs(OPERATIONS[:2])
    for operation in OPERATIONS[2:]:
        Journal(path).append_logs([operation])
    return path


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checksums") / "curves"
    run_curves(open_driver(folder, small_spec(budget={"trials": 3})))
    return folder


def read(path: Path, content: bytes) -> list[dict[str, Any]]:
    path.write_bytes(content)
    return list(Journal(path).read_logs(0))


def test_a_line_says_the_crc_of_all_that_stands_before_its_own(tmp_path: Path) -> None:
    content = written(tmp_path).read_bytes()
    before = content[: content.rindex(b',"crc32"')]
    assert content == before + b',"crc32":"%08x"}\n' % zlib.crc32(before)


def test_checked_lines_read_back_as_they_were_given(tmp_path: Path) -> None:
    assert list(Journal(written(tmp_path)).read_logs(0)) == OPERATIONS


@FUZZ
@given(data=st.data())
def test_a_flipped_bit_is_refused_or_changes_nothing(data: st.DataObject, tmp_path_factory: Folders) -> None:
    path = written(tmp_path_factory.mktemp("flips"))
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert refused_or_the_same(path, bytes(content))


def refused_or_the_same(path: Path, content: bytes) -> bool:
    try:
        found = read(path, content)
    except DataError:
        return True
    return [{key: operation[key] for key in OPERATIONS[0]} for operation in found] == OPERATIONS


@pytest.mark.parametrize("order", [(0, 2, 3), (0, 1, 1, 2, 3), (1, 0, 2, 3), (0, 2, 1, 3), (1, 2, 3)])
def test_a_line_that_is_lost_repeated_or_moved_is_noticed(order: tuple[int, ...], tmp_path: Path) -> None:
    path = written(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    with pytest.raises(DataError, match=r"is damaged, at byte .*: its checksum is wrong"):
        read(path, b"".join(lines[place] for place in order))


def test_damage_is_named_by_file_line_and_byte_with_what_to_do(tmp_path: Path) -> None:
    path = written(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"a":2', b'"a":3')
    with pytest.raises(DataError) as caught:
        read(path, b"".join(lines))
    at = len(lines[0]) + len(lines[1])
    assert caught.value.message == f"line 3 of `{path}` is damaged, at byte {at}: its checksum is wrong"
    assert caught.value.hint == "restore the file from a copy, or keep the 2 lines before it: `head -n 2`"


def test_a_newline_that_flipped_at_the_end_is_no_line_that_is_being_written(tmp_path: Path) -> None:
    path = written(tmp_path)
    with pytest.raises(DataError, match=r"line 4 of .* it does not end"):
        read(path, path.read_bytes()[:-1] + b"\x0b")


def test_two_lines_written_at_once_on_a_disk_without_locks_are_both_read(tmp_path: Path) -> None:
    path = written(tmp_path)
    before = crc_at_end(path)
    beside = [{**OPERATIONS[0], "worker_id": name} for name in ("a", "b")]
    with path.open("ab") as file:
        for operation in beside:
            file.write(sealed([json.dumps(operation)], before))
    Journal(path).append_logs([OPERATIONS[1]])
    assert list(Journal(path).read_logs(0)) == [*OPERATIONS, *beside, OPERATIONS[1]]


def crc_at_end(path: Path) -> int:
    with path.open("rb") as file:
        return crc_of(file.fileno())


def test_what_was_begun_is_found_behind_lines_without_checksums(tmp_path: Path) -> None:
    path = written(tmp_path)
    known = zlib.crc32(path.read_bytes())
    with path.open("ab") as file:
        file.write(b'{"op_code":3}\n' * 20_000)
    assert crc_at_end(path) == known


def test_an_older_journal_goes_on_with_checksums(tmp_path: Path) -> None:
    folder = tmp_path / "curves"
    run_curves(open_driver(folder, small_spec(budget={"trials": 2})))
    journal = folder / JOURNAL_NAME
    journal.write_text(without_checksums(journal.read_text()))
    run_curves(open_driver(folder, small_spec(budget={"trials": 4})))
    marked = [b'"crc32"' in line for line in journal.read_bytes().splitlines()]
    assert (marked[0], marked[-1], len(load_sweep(folder).trials)) == (False, True, 4)


def test_optunas_own_reader_passes_over_checksums(sweep: Path) -> None:
    theirs = JournalStorage(JournalFileBackend(str(sweep / JOURNAL_NAME)))
    assert len(theirs.get_all_trials(0)) == 3


WRONG = {
    "nested too deeply": b'{"op_code":2,"study_id":0,"user_attr":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    "an unknown operation": b'{"op_code":42,"study_id":0}',
    "no operation": b"[1,2]",
    "a list for an operation": b'{"op_code":[4],"study_id":0}',
    "no study": b'{"op_code":4,"worker_id":"w"}',
    "a study of another kind": b'{"op_code":4,"worker_id":"w","study_id":[0]}',
    "attributes of another kind": b'{"op_code":8,"worker_id":"w","trial_id":0,"user_attr":7}',
    "an unknown state": b'{"op_code":6,"worker_id":"w","trial_id":0,"state":77,"values":null}',
    "a state of text": b'{"op_code":6,"worker_id":"w","trial_id":0,"state":"x","values":null}',
    "a step of a list": b'{"op_code":7,"worker_id":"w","trial_id":0,"step":[1],"intermediate_value":1}',
    "no distribution": b'{"op_code":5,"worker_id":"w","trial_id":0,"param_name":"a","param_value_internal":1,'
    b'"distribution":"{}"}',
}


@pytest.mark.parametrize("line", WRONG.values(), ids=WRONG)
def test_an_operation_of_another_shape_is_named_to_readers_and_drivers(
    line: bytes, tmp_path: Path, sweep: Path
) -> None:
    begun = b"".join((sweep / JOURNAL_NAME).read_bytes().splitlines(keepends=True)[:5])
    (tmp_path / JOURNAL_NAME).write_bytes(begun + line + b"\n")
    said = f"line 6 of `.*` is damaged, at byte {len(begun)}: "
    with pytest.raises(DataError, match=said):
        load_sweep(tmp_path)
    with pytest.raises(DataError, match=said):
        open_store(tmp_path)
