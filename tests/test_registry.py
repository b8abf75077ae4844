from __future__ import annotations

from functools import cache
from importlib import metadata
from importlib.metadata import EntryPoint, EntryPoints
from unittest.mock import Mock

import pytest

from ferray import registry
from ferray.errors import UnknownComponent
from ferray.imbalance import ImbalanceStrategy
from ferray.imbalance.focal import Focal
from ferray.registry import ROOMS, Room


class Foreign(ImbalanceStrategy):
    """Stands for a strategy that another package brings."""

    class Params(registry.Params):
        """None."""


@pytest.fixture
def room_with_a_guest(monkeypatch: pytest.MonkeyPatch) -> Room:
    point = EntryPoint("guest", f"{__name__}:Foreign", "ferray.imbalance")
    monkeypatch.setattr(registry, "entry_points", lambda *, group: [point] if group == "ferray.imbalance" else [])
    return Room("ferray.imbalance", "ImbalanceStrategy", "imbalance strategy")


def test_a_component_is_named_by_its_file() -> None:
    assert ROOMS["imbalance"].load("focal") is Focal


def test_files_with_an_underscore_are_no_components() -> None:
    assert not [name for name in ROOMS["imbalance"].names() if name.startswith("_")]


def test_names_are_sorted() -> None:
    names = ROOMS["imbalance"].names()
    assert names == sorted(names)


def test_a_component_brings_its_parameters() -> None:
    assert ROOMS["imbalance"].params("focal") is Focal.Params


def test_a_summary_is_the_first_line_of_the_docstring() -> None:
    assert (
        ROOMS["imbalance"].summary("none")
        == "Leave the classes as they are: every sample once an epoch, plain cross-entropy."
    )


def test_a_misspelt_component_is_offered_its_neighbour() -> None:
    with pytest.raises(UnknownComponent, match="`focl` is not an imbalance strategy\nhint: did you mean `focal`"):
        ROOMS["imbalance"].load("focl")


def test_another_package_joins_by_an_entry_point(room_with_a_guest: Room) -> None:
    assert room_with_a_guest.load("guest").__name__ == "Foreign"


def test_a_guest_is_listed_among_the_files(room_with_a_guest: Room) -> None:
    assert {"guest", "focal"} <= set(room_with_a_guest.names())


@pytest.mark.parametrize("kind", sorted(ROOMS))
def test_every_room_has_its_interface_in_its_package(kind: str) -> None:
    room = ROOMS[kind]
    pytest.importorskip(room.package)
    module = __import__(room.package, fromlist=[room.interface])
    assert hasattr(module, room.interface)


@pytest.mark.parametrize("kind", ROOMS)
def test_a_summary_is_read_from_the_file_without_an_import(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(f"`{name}` is imported")

    monkeypatch.setattr(ROOMS[kind], "load", refuse)
    assert [name for name in ROOMS[kind].names() if not ROOMS[kind].summary(name)] == []


def test_a_guest_is_imported_for_its_summary(room_with_a_guest: Room) -> None:
    assert room_with_a_guest.summary("guest") == "Stands for a strategy that another package brings."


def test_installed_packages_are_looked_into_once_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Mock(return_value=EntryPoints())
    monkeypatch.setattr(metadata, "entry_points", asked)
    monkeypatch.setattr(registry, "_all_entry_points", cache(registry._all_entry_points.__wrapped__))
    Room("ferray.losses", "Loss", "loss").names()
    Room("ferray.augment", "AugmentPolicy", "augmentation policy").names()
    asked.assert_called_once_with()


def test_entry_points_of_an_earlier_name_of_the_room_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("guest", f"{__name__}:Foreign", "ferray.earlier")
    monkeypatch.setattr(registry, "entry_points", lambda *, group: [point] if group == "ferray.earlier" else [])
    assert (
        Room("ferray.imbalance", "ImbalanceStrategy", "imbalance strategy", former="ferray.earlier").load("guest")
        is Foreign
    )
