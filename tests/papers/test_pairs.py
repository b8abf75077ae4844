from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ferray.config.published import PublishedRow
from ferray.papers.pairs import arm_pairs, printed_pairs
from ferray.results.arms import trials_by_arm
from ferray.results.measured import Measured, measured_on
from ferray.testing.fake_arms import arms_record, arms_spec

WANG = (
    PublishedRow(row="plain", arm="plain", value=0.38, split="val", n=215),
    PublishedRow(row="plain", arm="plain", value=0.42, split="test", n=216),
    PublishedRow(row="with BDR", arm="cleaned", value=0.39, split="val", n=215),
    PublishedRow(row="with BDR", arm="cleaned", value=0.46, split="test", n=216),
)


def measured(right: tuple[int, ...], n: int = 100) -> Measured:
    record = arms_record(arms_spec(), {"plain": right}, n)
    found = measured_on("val", "accuracy", trials_by_arm(record)["plain"], Path())
    assert found is not None
    return found


def test_arms_are_paired_by_seed() -> None:
    # Seed 0: 50 - 40, seed 1: 48 - 44.
    (pair,) = arm_pairs([("plain", "val", measured((40, 44))), ("cleaned", "val", measured((50, 48)))])
    assert (pair.first, pair.second) == ("plain", "cleaned")
    assert (pair.difference.value, pair.difference.num_pairs) == (pytest.approx(0.07), 2)


def test_only_shared_seeds_are_paired() -> None:
    (pair,) = arm_pairs([("plain", "val", measured((40, 44, 46))), ("cleaned", "val", measured((50, 48)))])
    assert pair.difference.num_pairs == 2


def test_every_arm_is_held_against_the_first() -> None:
    pairs = arm_pairs([(arm, "val", measured((40,))) for arm in "abc"])
    assert [(pair.first, pair.second) for pair in pairs] == [("a", "b"), ("a", "c")]


def test_arms_on_other_images_are_not_paired() -> None:
    assert list(arm_pairs([("plain", "val", measured((40,))), ("small", "val", measured((40,), n=50))])) == []


def test_folds_of_another_kind_are_not_paired() -> None:
    by_film = replace(measured((40,)), folds="{'kind': 'by_film', 'k': 5}")
    stratified = replace(measured((40,)), folds="{'kind': 'stratified', 'k': 5}")
    assert list(arm_pairs([("plain", "cv", stratified), ("film", "cv", by_film)])) == []


def test_printed_rows_are_paired_within_their_split() -> None:
    pairs = list(printed_pairs(WANG))
    assert [(pair.first.split, pair.test.is_noise) for pair in pairs] == [("val", True), ("test", True)]


def test_four_points_on_216_images_are_z_084() -> None:
    pair = list(printed_pairs(WANG))[1]
    assert (round(pair.test.z, 2), pair.difference.value) == (0.84, pytest.approx(0.04))


def test_rows_that_are_only_quoted_are_not_paired() -> None:
    assert list(printed_pairs([WANG[1], replace_row(WANG[3], arm=None)])) == []


def test_rows_on_other_numbers_of_images_are_not_paired() -> None:
    assert list(printed_pairs([WANG[1], replace_row(WANG[3], n=7365)])) == []


def replace_row(row: PublishedRow, **changes: object) -> PublishedRow:
    return PublishedRow.model_validate({**row.model_dump(), **changes})
