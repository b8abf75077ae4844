"""A listener that remembers its lines."""

from __future__ import annotations

from ferray.events import Listener


class Notes(Listener):
    """Keeps what is noted."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def noted(self, line: str) -> None:
        self.lines.append(line)
