"""Copies that were planted among synthetic faces are found, and nothing else is."""

from __future__ import annotations

import pytest

from ferray.audit.copies import CopyPair, identical_pairs, near_pairs
from ferray.audit.pictures import Pictures
from ferray.testing.planted_copies import KINDS, Plant, pictures_in, score, write_planted

Planted = tuple[Pictures, list[CopyPair], list[Plant]]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    """Of 150 different faces 75 have a copy, 15 of each kind."""
    folder = tmp_path_factory.mktemp("planted")
    plants = write_planted(folder / "data", num_plain=150, num_of_kind=15, seed=1)
    pictures = pictures_in(folder / "data", folder / "cache")
    return pictures, [*identical_pairs(pictures), *near_pairs(pictures, lambda *_: None)], plants


def test_95_percent_of_what_is_planted_is_found(planted: Planted) -> None:
    assert score(*planted)["recall"] >= 0.95


def test_99_percent_of_what_is_reported_was_planted(planted: Planted) -> None:
    assert score(*planted)["precision"] >= 0.99


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_of_copy_is_overlooked(planted: Planted, kind: str) -> None:
    assert score(*planted)["recall_of"][kind] >= 0.9


def test_leaks_are_found_as_well_as_others(planted: Planted) -> None:
    assert score(*planted)["recall_of_leaks"] >= 0.95


def test_contested_labels_are_found_as_well_as_others(planted: Planted) -> None:
    assert score(*planted)["recall_of_contested"] >= 0.95


def test_mirrored_copies_are_called_so(planted: Planted) -> None:
    pictures, pairs, plants = planted
    mirrored = {plant.names for plant in plants if plant.kind == "mirrored"}
    names = [sample.name for sample in pictures.samples]
    called = {frozenset((names[pair.first], names[pair.second])) for pair in pairs if pair.is_mirrored}
    assert mirrored <= called
