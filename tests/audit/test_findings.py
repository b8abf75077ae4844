"""Groups are counted by split and by label, and written down one and all."""

from __future__ import annotations

import csv
from pathlib import Path

from ferray.audit.findings import COLUMNS, CopyCount
from tests.audit.fakes import findings, near, pictures, same


def test_groups_across_splits_and_under_two_labels_are_counted() -> None:
    found = findings(pictures(labels=(0, 1, 0, 0, 0, 0, 0, 0, 0, 0)), [near(0, 1), near(2, 6), near(3, 4)])
    assert found.count(found.copies) == CopyCount(groups=3, images=6, across_splits=1, two_labels=1)


def test_identical_files_are_counted_apart() -> None:
    found = findings(pictures(), [same(0, 8), near(0, 7)])
    assert (found.count(found.identical).images, found.count(found.copies).images) == (2, 3)


def test_an_image_is_seen_where_a_split_before_its_own_has_a_copy() -> None:
    found = findings(pictures(), [near(0, 6), near(6, 8), near(7, 9)])
    assert (found.num_seen("val", found.copies), found.num_seen("test", found.copies)) == (1, 2)


def test_two_copies_within_test_have_been_seen_by_nobody() -> None:
    found = findings(pictures(), [near(8, 9)])
    assert found.num_seen("test", found.copies) == 0


def test_json_has_every_image_of_a_group() -> None:
    found = findings(pictures(), [near(2, 6)]).to_json()
    assert found["groups"] == [
        {
            "group": 1,
            "kinds": ["near"],
            "splits": ["train", "val"],
            "labels": ["calm"],
            "images": [
                {"sample_id": 102, "name": "2.png", "class": "calm", "split": "train"},
                {"sample_id": 106, "name": "6.png", "class": "calm", "split": "val"},
            ],
        }
    ]


def test_the_list_has_a_line_an_image(tmp_path: Path) -> None:
    findings(pictures(), [same(2, 6)], blank=(1,), placeholders=(9,)).write_csv(tmp_path / "copies.csv")
    rows = list(csv.reader((tmp_path / "copies.csv").read_text(encoding="utf-8").splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert [(row[0], row[1], row[2]) for row in rows[1:]] == [
        ("1", "identical", "102"),
        ("1", "identical", "106"),
        ("", "blank", "101"),
        ("", "placeholder", "109"),
    ]
