"""The signals that end a command: Ctrl-C, SIGTERM of a scheduler, SIGHUP of a terminal that was closed."""

from __future__ import annotations

import functools
import signal
import sys
import threading
import time
from _thread import start_new_thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from traceback import walk_stack
from types import FrameType
from typing import Any, NoReturn, ParamSpec, TypeVar

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LEAVING_S = 0.001

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


def interrupt_on_every_stop() -> None:
    """Let each of them end as Ctrl-C does, with everything written; one that is ignored, as by `nohup`, stays so."""
    for number in STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    sys.unraisablehook = functools.partial(_interrupt_again, sys.unraisablehook)


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


def comes_of_a_stop(error: BaseException | None) -> bool:
    """Whether it is Ctrl-C, or what imports made of it: C++ modules an ImportError, classes a RuntimeError."""
    if error is None or isinstance(error, KeyboardInterrupt):
        return error is not None
    # Packages say in words of their own which of theirs cannot be imported, not always `from` what was raised.
    return comes_of_a_stop(error.__cause__ or (error.__context__ if isinstance(error, ImportError) else None))


def is_heard_here() -> bool:
    """Whether this is the main thread, which alone hears signals and may say who answers them."""
    return threading.current_thread() is threading.main_thread()


def _interrupt(number: int, _: object) -> NoReturn:
    raise KeyboardInterrupt(number)


def _interrupt_again(others: Callable[[Any], object], unraisable: Any) -> None:
    """Raise a stop once more that came in a callback, where Python drops what is raised: each import has one."""
    if not isinstance(unraisable.exc_value, KeyboardInterrupt):
        others(unraisable)
        return
    number = next((given for given in unraisable.exc_value.args if given in STOPPING), signal.SIGINT)
    start_new_thread(_send_behind, (sys._getframe(), number))


def _send_behind(call: FrameType, number: int) -> None:
    """Send a signal to the main thread once it has left a call, in which it would be dropped again."""
    main = threading.main_thread().ident
    assert main is not None, "it runs"
    while call in (frame for frame, _ in walk_stack(sys._current_frames().get(main))):
        time.sleep(_LEAVING_S)
    signal.pthread_kill(main, number)
