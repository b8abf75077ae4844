"""A thread that is waited for until it has ended or Ctrl-C is pressed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from threading import Event, Timer, main_thread

import pytest

from ferray.system.daemon import Daemon


@pytest.fixture
def gate() -> Iterator[Event]:
    gate = Event()
    yield gate
    gate.set()


def press_ctrl_c() -> None:
    assert main_thread().ident is not None
    signal.pthread_kill(main_thread().ident, signal.SIGINT)


def join_and_press_ctrl_c(daemon: Daemon) -> None:
    Timer(0.1, press_ctrl_c).start()
    daemon.join()


def test_a_thread_that_one_stops_waiting_for_is_still_alive(gate: Event) -> None:
    daemon = Daemon("held", gate.wait)
    daemon.start()
    with pytest.raises(KeyboardInterrupt):
        join_and_press_ctrl_c(daemon)
    assert daemon.is_alive()


def test_one_that_has_ended_is_not() -> None:
    daemon = Daemon("short", lambda: None)
    daemon.start()
    daemon.join()
    assert not daemon.is_alive()


def test_the_time_to_wait_is_kept(gate: Event) -> None:
    daemon = Daemon("held", gate.wait)
    daemon.start()
    daemon.join(0.01)
    assert daemon.is_alive()
