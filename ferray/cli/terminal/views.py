"""What `--watch` shows: on a terminal a picture that is drawn again, elsewhere a line for each trial that ends."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console

from ferray.cli.terminal.output import show
from ferray.cli.terminal.picture import picture
from ferray.cli.terminal.rich_console import PlainConsole
from ferray.cli.terminal.screen import Screen
from ferray.cli.terminal.standing import Standing
from ferray.cli.terminal.tables import ranking_lines
from ferray.cli.terminal.trial_lines import INDENT
from ferray.results.leaderboard import Leaderboard, rank
from ferray.study.records import SweepRecord, TrialRecord

Line = Callable[[TrialRecord], str]
FEWEST_RANKED = 3


class LinesView:
    """A line for each trial that has ended, on stdout; `line` gives "" for one that is not shown."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def show(self, record: SweepRecord, standing: Standing, ended: list[TrialRecord]) -> None:
        for text in filter(None, map(self._line, ended)):
            show(text, INDENT)

    def close(self) -> None:
        """Nothing was begun."""


class PictureView:
    """What runs and how the sweep stands, drawn again and again, below the lines of the trials that have ended."""

    def __init__(self, line: Line, console: Console | None = None) -> None:
        self._line = line
        self._console = console or PlainConsole()
        self._screen = Screen(self._console, self._draw)
        self._standing: Standing | None = None

    def show(self, record: SweepRecord, standing: Standing, ended: list[TrialRecord]) -> None:
        self._standing = standing
        for text in filter(None, map(self._line, ended)):
            self._screen.print(text, INDENT)
        self._screen.start()

    def close(self) -> None:
        self._screen.stop()

    def _draw(self) -> list[str]:
        assert self._standing is not None
        return picture(self._standing, time.monotonic(), self._console.width, self._console.height)


class RankingView(PictureView):
    """The first of the ranking, as many as there is room for above what runs."""

    def __init__(self, limit: int | None, console: Console | None = None) -> None:
        super().__init__(lambda _: "", console)
        self._limit = limit
        self._board: Leaderboard | None = None
        self._ranking: tuple[tuple[int, int], list[str]] | None = None  # with the width and height that it was made for

    def show(self, record: SweepRecord, standing: Standing, ended: list[TrialRecord]) -> None:
        if ended or self._board is None:
            self._board, self._ranking = rank(record), None
        super().show(record, standing, ended)

    def _draw(self) -> list[str]:
        below = super()._draw()
        room = max(FEWEST_RANKED, self._console.height - len(below) - 1)
        return [*self._ranked(self._console.width, room), *below]

    def _ranked(self, width: int, room: int) -> list[str]:
        assert self._board is not None
        if self._ranking is None or self._ranking[0] != (width, room):
            lines = ranking_lines(self._board, width, limit=min(room, self._limit or room))
            self._ranking = (width, room), lines[:room]
        return self._ranking[1]
