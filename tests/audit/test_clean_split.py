"""What leaves a clean split: copies of what is judged by, twins, contested labels, and pictures of nothing."""

from __future__ import annotations

from pathlib import Path

from ferray.audit.clean_split import leaving, write_clean_split
from ferray.audit.findings import Findings
from ferray.config.exclusion import read_exclusion
from tests.audit.fakes import findings, near, pictures, same


def rows(found: Findings) -> list[int]:
    return [one.row for one in leaving(found)]


def test_of_copies_in_several_splits_those_of_the_last_stay() -> None:
    assert rows(findings(pictures(), [near(0, 6), near(6, 8), near(1, 7)])) == [0, 1, 6]


def test_of_identical_files_in_one_split_the_first_stays() -> None:
    contents = ("a", "a", "a", *"bcdefgh")
    assert rows(findings(pictures(contents=contents), [same(0, 1), same(0, 2)])) == [1, 2]


def test_near_copies_within_one_split_stay() -> None:
    assert rows(findings(pictures(), [near(0, 1), near(8, 9)])) == []


def test_a_photograph_under_two_labels_leaves_every_split() -> None:
    found = findings(pictures(labels=(0, 0, 0, 0, 0, 0, 0, 0, 1, 0)), [near(0, 8)])
    assert rows(found) == [0, 8]


def test_blank_pictures_and_placeholders_leave() -> None:
    assert rows(findings(pictures(), [], blank=(3,), placeholders=(9,))) == [3, 9]


def test_each_says_why() -> None:
    found = findings(pictures(), [near(0, 8)], blank=(3,))
    assert [one.why for one in leaving(found)] == ["has a copy in test", "is blank"]


def test_the_list_is_one_that_exclude_takes(tmp_path: Path) -> None:
    left = write_clean_split(tmp_path / "clean.csv", findings(pictures(), [near(0, 6), near(7, 8)]))
    listed = read_exclusion(tmp_path / "clean.csv")
    assert (listed.ids, listed.everywhere) == ({100, 107}, {100, 107})
    assert left == {"train": 1, "val": 1, "test": 0}
