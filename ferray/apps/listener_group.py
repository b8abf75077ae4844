"""Who is told what happens while something is checked, swept or trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ferray.errors import ConfigError
from ferray.events import EpochReport, Listener
from ferray.track.console import Warnings


class ListenerGroup(Listener):
    """Passes on to every listener; one that raises before anything runs ends what was asked for."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self.listeners = tuple(listeners)

    def noted(self, line: str) -> None:
        for listener in self.listeners:
            listener.noted(line)

    def warned(self, line: str) -> None:
        for listener in self.listeners:
            listener.warned(line)

    def progressed(self, what: str, done: int, total: int) -> None:
        for listener in self.listeners:
            listener.progressed(what, done, total)

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        for listener in self.listeners:
            listener.epoch_ended(number, report)

    def batch_ended(self, number: int, epoch: int, done: int, total: int) -> None:
        for listener in self.listeners:
            listener.batch_ended(number, epoch, done, total)

    def close(self) -> None:
        for listener in self.listeners:
            listener.close()


def listeners_of(asked: Mapping[str, Any], default: Callable[[], Listener]) -> Sequence[Listener]:
    """Those that were given; else the default one, and for a quiet call the one of warnings alone."""
    given: Sequence[Listener] | None = asked.get("listeners")
    if given is not None:
        if isinstance(given, Sequence) and all(isinstance(listener, Listener) for listener in given):
            return given
        raise ConfigError(f"`{given}` is no list of listeners", "give a list of objects of `ferray.Listener`")
    return [Warnings() if asked.get("quiet") else default()]


def telling(listener: Listener) -> Callable[[str], None]:
    """What passes lines on, notes and warnings among them so that those hear them who asked for quiet."""

    def tell(line: str) -> None:
        is_warning = line.startswith(("note: ", "warning: "))
        (listener.warned if is_warning else listener.noted)(line)

    return tell
