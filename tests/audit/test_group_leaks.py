"""Films and people on two sides of a split."""

from __future__ import annotations

from dataclasses import replace

from ferray.audit.group_leaks import GroupLeaks, SharedGroup, find_group_leaks
from tests.audit.fakes import pictures


def leaks(groups: str) -> GroupLeaks | None:
    of = pictures()
    named = [replace(sample, group=group.strip()) for sample, group in zip(of.samples, groups, strict=True)]
    return find_group_leaks(of, named, "films")


def test_a_film_in_train_and_test_is_shared() -> None:
    found = leaks("abcdefghai")
    assert found is not None
    assert found.shared == (SharedGroup("a", {"train": 1, "test": 1}),)
    assert (found.num_groups, found.num_images("val"), found.num_images("test")) == (9, 0, 1)


def test_films_that_keep_to_one_side_are_none() -> None:
    found = leaks("aabbccddee")
    assert found is not None
    assert found.shared == ()


def test_samples_without_a_film_are_counted() -> None:
    found = leaks("aa        ")
    assert found is not None
    assert found.num_without == 8


def test_a_set_without_films_says_nothing() -> None:
    assert leaks(" " * 10) is None
