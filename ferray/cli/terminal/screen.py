"""The end of a terminal that is drawn again and again, below lines that stay."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from ferray.cli.terminal.wrapping import wrapped


class Screen:
    """A few lines at the end of a terminal that are drawn again and again, and lines that stay above them."""

    def __init__(self, console: Console, draw: Callable[[], list[str]]) -> None:
        self._console = console
        self._draw = draw
        self._live: Live | None = None
        self._drawn: list[str] = []

    def start(self) -> None:
        """Begin to draw; a second time does nothing."""
        if self._live is not None:
            return
        self._live = Live(get_renderable=self._frame, console=self._console, refresh_per_second=2, transient=True)
        self._live.start()

    def print(self, line: str, indent: str = "  ", style: str = "") -> None:
        """A line that stays, folded between words."""
        if self._live is not None:
            self._live.refresh()  # the window may have another width than when the lines were drawn
        self._console.print(Text(wrapped(line, self._console.width, indent), style=style), soft_wrap=True)

    def stop(self) -> None:
        """Wipe what was drawn; a second time does nothing."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _frame(self) -> RenderableType:
        if self._live is not None and self._drawn:
            # Terminals fold what a narrower window has no room for, and rich would wipe only as many lines as it drew.
            self._live._live_render._shape = (self._console.width, height_of(self._drawn, self._console.width))
        self._drawn = self._draw()
        return Group(*(Text(line, no_wrap=True, overflow="crop") for line in self._drawn))


def height_of(lines: Sequence[str], width: int) -> int:
    """How many lines of a terminal these take once it has folded them."""
    return sum(max(1, math.ceil(len(line) / width)) for line in lines)
