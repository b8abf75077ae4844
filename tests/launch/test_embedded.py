"""A Ray of a sweep's own comes up on a thread that lives as long as it does; here the cluster is none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from ferray.errors import ClusterError
from ferray.launch._embedded import EmbeddedCluster

WITHIN_S = 600.0


class FakeCluster:
    """Comes up when it is told to, and keeps what has happened to it."""

    def __init__(self, folder: Path, *, comes_up: bool = True) -> None:
        self.folder = folder
        self.acts: list[str] = []
        self.threads: list[threading.Thread] = []
        self.may_come_up, self.is_gone = threading.Event(), threading.Event()
        if comes_up:
            self.may_come_up.set()

    @contextmanager
    def opened(self) -> Iterator[Path]:
        self.acts.append("starts")
        assert self.may_come_up.wait(WITHIN_S)
        self.threads.append(threading.current_thread())
        try:
            yield self.folder
        finally:
            self.acts.append("ends")
            self.is_gone.set()


@contextmanager
def without_room() -> Iterator[Path]:
    raise ClusterError("no room", "make some")
    yield Path()


def started(cluster: Callable[[], AbstractContextManager[Path]]) -> EmbeddedCluster:
    embedded = EmbeddedCluster(cluster)
    embedded.start()
    return embedded


def test_it_is_waited_for_and_the_thread_that_started_it_lives_until_its_end(tmp_path: Path) -> None:
    fake = FakeCluster(tmp_path)
    embedded = started(fake.opened)
    assert embedded.folder() == tmp_path
    assert fake.threads[0].is_alive()
    embedded.end()
    assert fake.acts == ["starts", "ends"]


def test_what_keeps_it_from_coming_up_is_raised_where_it_is_waited_for() -> None:
    embedded = started(without_room)
    with pytest.raises(ClusterError, match="no room"):
        embedded.folder()
    embedded.end()


def test_who_leaves_before_it_is_up_waits_for_nothing_and_it_ends_as_soon_as_it_can(tmp_path: Path) -> None:
    fake = FakeCluster(tmp_path, comes_up=False)
    embedded = started(fake.opened)
    embedded.leave()
    assert not fake.is_gone.is_set()
    fake.may_come_up.set()
    assert fake.is_gone.wait(WITHIN_S)
    embedded.end()


def test_the_next_one_waits_until_the_one_before_has_ended(tmp_path: Path) -> None:
    first, second = FakeCluster(tmp_path), FakeCluster(tmp_path)
    one = started(first.opened)
    one.folder()
    other = started(second.opened)
    assert second.acts == []
    one.end()
    other.folder()
    assert (first.acts, second.acts) == (["starts", "ends"], ["starts"])
    other.end()


def test_one_that_was_left_before_its_turn_never_starts(tmp_path: Path) -> None:
    first, second = FakeCluster(tmp_path), FakeCluster(tmp_path)
    one = started(first.opened)
    one.folder()
    other = started(second.opened)
    other.leave()
    one.end()
    other.end()
    assert second.acts == []
