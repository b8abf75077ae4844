"""Ctrl-C, SIGTERM and SIGHUP are one thing to a command: it ends with everything written."""

from __future__ import annotations

import signal
import sys
import threading
import weakref
from collections.abc import Iterator

import pytest

from ferray.system.signals import (
    STOPPING,
    comes_of_a_stop,
    deferring_interrupts,
    interrupt_on_every_stop,
    stops_answered_by,
    stops_kept,
)


@pytest.fixture(autouse=True)
def former_handlers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    with stops_kept():
        yield


class Watched:
    """Something whose end is told."""


@pytest.mark.parametrize("number", STOPPING, ids=lambda number: str(number.name))
def test_every_signal_to_stop_interrupts(number: signal.Signals) -> None:
    interrupt_on_every_stop()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)


@pytest.mark.parametrize("number", STOPPING, ids=lambda number: str(number.name))
def test_a_stop_within_a_callback_is_raised_behind_it(number: signal.Signals) -> None:
    interrupt_on_every_stop()
    weakref.finalize(Watched(), signal.raise_signal, number)
    with pytest.raises(KeyboardInterrupt):
        threading.Event().wait(60)


def test_what_else_a_callback_raises_is_told_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: told.append(str(unraisable.exc_value)))
    interrupt_on_every_stop()
    weakref.finalize(Watched(), int, "no number")
    assert told == ["invalid literal for int() with base 10: 'no number'"]


def raised_from(cause: BaseException) -> ImportError:
    try:
        raise ImportError("initialization failed") from cause
    except ImportError as error:
        return error


def test_an_import_that_a_stop_ended_comes_of_it() -> None:
    assert comes_of_a_stop(raised_from(KeyboardInterrupt()))


def test_an_import_that_failed_by_itself_does_not() -> None:
    assert not comes_of_a_stop(raised_from(OSError()))


def test_a_signal_that_nohup_ignores_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    interrupt_on_every_stop()
    signal.raise_signal(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@pytest.mark.parametrize("number", STOPPING, ids=lambda number: str(number.name))
def test_an_act_of_the_driver_ends_before_a_stop_is_heard(number: signal.Signals) -> None:
    interrupt_on_every_stop()
    done: list[str] = []

    @deferring_interrupts
    def act() -> None:
        signal.raise_signal(number)
        done.append("whole")

    with pytest.raises(KeyboardInterrupt):
        act()
    assert done == ["whole"]


def test_a_stop_that_is_ignored_is_not_heard_within_an_act_either() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    deferring_interrupts(signal.raise_signal)(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_another_thread_leaves_the_handlers_alone() -> None:
    before = [signal.getsignal(number) for number in STOPPING]
    found: list[object] = []

    def act() -> None:
        with stops_answered_by(lambda *_: None):
            found.extend(signal.getsignal(number) for number in STOPPING)

    thread = threading.Thread(target=act)
    thread.start()
    thread.join()
    assert found == before
