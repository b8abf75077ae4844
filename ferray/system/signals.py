"""The signals that end a command: Ctrl-C, SIGTERM of a scheduler, SIGHUP of a terminal that was closed."""

from __future__ import annotations

import functools
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, ParamSpec, TypeVar

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


def interrupt_on_every_stop() -> None:
    """Let each of them end as Ctrl-C does, with everything written; one that is ignored, as by `nohup`, stays so."""
    for number in STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


@contextmanager
def stops_answered_by(handler: Callable[[int, Any], object]) -> Iterator[None]:
    """`handler` in the place of every one that is not ignored; on another thread than the main one, which alone hears
    signals, nothing changes.
    """
    with stops_kept():
        for number in STOPPING if is_heard_here() else ():
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, handler)
        yield


@contextmanager
def stops_kept() -> Iterator[None]:
    """The handlers as they were, whatever is put in their place meanwhile."""
    former = {number: signal.getsignal(number) for number in STOPPING}
    try:
        yield
    finally:
        for number, known in former.items() if is_heard_here() else ():
            signal.signal(number, known)


def deferring_interrupts(act: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """Let `act` end before a stop is heard: an act cut in half would leave a trial that nobody ends."""

    @functools.wraps(act)
    def whole(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
        if not is_heard_here():
            return act(*args, **kwargs)
        heard: list[int] = []
        try:
            with stops_answered_by(lambda received, _: heard.append(received)):
                return act(*args, **kwargs)
        finally:
            for number in heard[:1]:
                signal.raise_signal(number)

    return whole


def is_heard_here() -> bool:
    """Whether this is the main thread, which alone hears signals and may say who answers them."""
    return threading.current_thread() is threading.main_thread()


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
