from __future__ import annotations

from pathlib import Path

from ferray.crops.journal import Journal, Record
from ferray.faces import Detection

FACE = Detection(1.5, 2, 3, 4, 0.1 + 0.2, ((1 / 3, 2), (3, 4)))
ONE = Record("a", "f", "c", 60, 80, (FACE, Detection(0, 0, 1, 1)), FACE, 12.5, "Angry/a.png", 99)
BAD = Record("b", "f", "c", bad=("empty", "is empty"))


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.append(ONE)
    journal.append(BAD)
    assert Journal(tmp_path / "journal").read() == {"a": ONE, "b": BAD}


def test_no_file_holds_no_records(tmp_path: Path) -> None:
    assert Journal(tmp_path / "journal").read() == {}


def test_the_last_record_of_a_name_counts(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.append(ONE)
    journal.append(Record("a", "f", "d"))
    assert journal.read() == {"a": Record("a", "f", "d")}


def test_crops_of_earlier_records_are_remembered(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.append(ONE)
    journal.append(Record("a", "f", "d"))
    assert journal.files() == {"Angry/a.png"}


def test_a_torn_line_costs_itself_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path)
    journal.append(ONE)
    journal.append(BAD)
    path.write_bytes(path.read_bytes()[:-20])
    journal.append(Record("c", "f", "c"))
    assert journal.read() == {"a": ONE, "c": Record("c", "f", "c")}


def test_lines_that_are_no_records_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(b'{}\n[]\n7\n\xff\n{"name": "x", "chosen": 3}\n')
    Journal(path).append(ONE)
    assert Journal(path).read() == {"a": ONE}


def test_rewriting_leaves_these_records_and_no_other_file(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.append(ONE)
    journal.rewrite([BAD])
    assert journal.read() == {"b": BAD}
    assert [path.name for path in tmp_path.iterdir()] == ["journal"]
