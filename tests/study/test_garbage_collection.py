"""Work that makes many objects runs without the collector, which finds them afterwards as ones that it has seen."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from ferray.study.garbage_collection import no_collection


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    """Nothing is frozen, as in a process that begins; a test process has frozen what all tests import."""
    gc.unfreeze()
    yield
    gc.freeze()


class Node:
    """Something that may refer to itself."""

    itself: Node


def test_the_collector_is_on_again_afterwards_and_nothing_stays_frozen() -> None:
    with no_collection():
        assert not gc.isenabled()
    assert (gc.isenabled(), gc.get_freeze_count()) == (True, 0)


def test_what_was_made_meanwhile_is_not_walked_through_as_young() -> None:
    with no_collection():
        made = [Node() for _ in range(3)]
    young = {id(each) for each in gc.get_objects(generation=0)}
    assert not young & {id(each) for each in made}


def test_garbage_that_was_made_meanwhile_is_collected_in_the_end() -> None:
    with no_collection():
        node = Node()
        node.itself = node
        seen = weakref.ref(node)
        del node
    gc.collect()
    assert seen() is None
