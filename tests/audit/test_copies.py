"""Identical files, and the groups that pairs hang together in."""

from __future__ import annotations

import numpy as np
import pytest

from ferray.audit.copies import CopyPair, groups_of, identical_pairs, near_pairs
from tests.audit.fakes import near, pictures, same


def test_files_of_one_content_are_identical() -> None:
    found = identical_pairs(pictures(contents="aabcadefgb"))
    assert found == [same(0, 1), same(0, 4), same(2, 9)]


def test_an_unknown_content_is_like_no_other() -> None:
    assert identical_pairs(pictures(contents=("",) * 10)) == []


def test_pairs_that_share_a_picture_are_one_group() -> None:
    groups = groups_of([near(4, 5), near(1, 2), near(2, 5)])
    assert [group.rows for group in groups] == [(1, 2, 4, 5)]


def test_pairs_that_share_none_are_two() -> None:
    assert [group.rows for group in groups_of([near(4, 5), near(1, 2)])] == [(1, 2), (4, 5)]


@pytest.mark.parametrize(
    ("pair", "kind"),
    [
        (same(0, 1), "identical"),
        (near(0, 1), "near"),
        (CopyPair(0, 1, is_mirrored=True), "mirrored"),
        (CopyPair(0, 1, is_mirrored=True, is_cropped=True), "mirrored, cropped"),
    ],
)
def test_a_pair_says_what_was_done(pair: CopyPair, kind: str) -> None:
    assert pair.kind == kind


def test_numbers_have_no_near_copies() -> None:
    assert near_pairs(pictures(), lambda *_: None) == []


def test_blank_pictures_are_no_near_copies_of_each_other() -> None:
    greys = np.full((10, 48, 48), 90, dtype=np.uint8)
    greys[:5] = np.random.default_rng(0).integers(0, 255, (5, 48, 48))
    assert near_pairs(pictures(greys=greys), lambda *_: None) == []


def test_progress_ends_at_its_total() -> None:
    greys = np.random.default_rng(0).integers(0, 255, (10, 48, 48), dtype=np.uint8)
    greys[9] = greys[0]
    heard: dict[str, tuple[int, int]] = {}
    near_pairs(pictures(greys=greys), lambda what, done, total: heard.update({what: (done, total)}))
    assert [done == total > 0 for done, total in heard.values()] == [True, True]
