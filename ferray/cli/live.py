"""The live table of a sweep on a terminal: what runs, how it stands, how long it still takes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from ferray.cli.standing import Row, Standing, duration
from ferray.cli.wrapping import cut, folded, wrapped
from ferray.config.readable import params_line
from ferray.events import EpochReport, Listener, OutcomeKind, SweepStarted, TrialEnded, TrialStarted
from ferray.track.console import WIDEST, WORDS

GAP = "  "
NARROWEST_PARAMS = 20
REST_OF_SCREEN = 6  # rows that the table leaves to its header, the summary and the lines above
INDENT = " " * 11  # of what follows a trial's number


class LiveTable(Listener):
    """Redraws a few lines on stderr while trials run; a line for each finished trial stays above them."""

    def __init__(self, console: Console | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console or Console(stderr=True)
        self._clock = clock
        self._screen = Screen(self._console, self._draw)
        self._standing: Standing | None = None

    def sweep_started(self, sweep: SweepStarted) -> None:
        now = self._clock()
        self._standing = Standing(
            metric=sweep.metric,
            mode=sweep.mode,
            trials=sweep.trials,
            slots=sweep.slots,
            began=now,
            until=None if sweep.time_s is None else now + sweep.time_s,
            finished=sweep.finished,
            best=sweep.found.best,
        )
        self._standing.ended.update(sweep.found.ended)
        self._screen.start()

    def noted(self, line: str) -> None:
        self._screen.print(line)

    def trial_started(self, trial: TrialStarted) -> None:
        if self._standing is not None:
            self._standing.start(Row(trial.number, trial.epochs, trial.params))

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        self.epoch_recalled(number, report)
        if self._standing is not None:
            self._standing.pace.count(self._clock(), report.metrics)

    def epoch_recalled(self, number: int, report: EpochReport) -> None:
        standing = self._standing
        if standing is None or number not in standing.running:
            return
        if report.note:
            self._screen.print(f"trial {number:>3}  {report.note}", indent=INDENT)
        value = report.metrics.get(standing.metric)
        standing.advance(number, epoch=report.epoch, value=value, is_best=report.is_best)

    def trial_ended(self, trial: TrialEnded) -> None:
        standing = self._standing
        if standing is None:
            return
        kind = trial.outcome.kind
        row = standing.end(trial.number, kind, trial.value)
        self._screen.print(_finished_line(trial, row, standing.metric), INDENT, _STYLES.get(kind, ""))

    def close(self) -> None:
        self._screen.stop()

    def _draw(self) -> list[str]:
        assert self._standing is not None
        return picture(self._standing, self._clock(), self._console.width, self._console.height)


_STYLES = {
    OutcomeKind.COMPLETED: "green",
    OutcomeKind.PRUNED: "dim",
    OutcomeKind.FAILED: "red",
    OutcomeKind.DIVERGED: "yellow",
}


class Screen:
    """A few lines at the end of a terminal that are drawn again and again, and lines that stay above them."""

    def __init__(self, console: Console, draw: Callable[[], list[str]]) -> None:
        self._console = console
        self._draw = draw
        self._live: Live | None = None
        self._drawn: list[str] = []

    def start(self) -> None:
        """Begin to draw."""
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


def picture(standing: Standing, now: float, width: int, height: int) -> list[str]:
    """A table of what runs, with what differs between trials, above what sums up; no line is longer than `width`."""
    summary = folded(_summary(standing, now), width)
    if not standing.running:
        return summary
    room = max(2, height - REST_OF_SCREEN)
    rows = sorted(standing.running.values(), key=lambda row: row.number)
    hidden = [f"and {len(rows) - room} more"] if len(rows) > room else []
    return [*_table(standing, rows[:room], width, room), *hidden, *summary]


def _table(standing: Standing, rows: list[Row], width: int, room: int) -> list[str]:
    figures = [("trial", "epoch", standing.metric, "best"), *map(_figures, rows)]
    widths = [max(map(len, cells)) for cells in zip(*figures, strict=True)]
    lines = [GAP.join(cell.rjust(size) for cell, size in zip(cells, widths, strict=True)) for cells in figures]
    indent = " " * (len(lines[0]) + len(GAP))
    params = _params_texts([params_line(standing.differing(row.params)) for row in rows], width - len(indent), room)
    if params:
        lines = [f"{line}{GAP}{text}" for line, text in zip(lines, ["parameters", *params], strict=True)]
    return [part for line in lines for part in line.replace("\n", f"\n{indent}").split("\n")]


def _figures(row: Row) -> tuple[str, str, str, str]:
    return str(row.number), f"{row.epoch}/{row.epochs}", _number(row.value), _number(row.best)


def _params_texts(lines: list[str], width: int, room: int) -> list[str]:
    """Each trial's parameters, folded where the screen is high enough, else cut after a word; none on a narrow one."""
    if width < NARROWEST_PARAMS or not any(lines):
        return []
    texts = [wrapped(line, width) for line in lines]
    if sum(text.count("\n") + 1 for text in texts) <= room:
        return texts
    return [cut(line, width) for line in lines]


def _summary(standing: Standing, now: float) -> list[str]:
    parts = [f"{standing.finished}/{standing.trials} trials", f"{len(standing.running)} running"]
    parts += [f"{count} {WORDS[kind]}" for kind, count in standing.ended.items()]
    if standing.best is not None:
        parts.append(f"best {standing.best[1]:.3f} (trial {standing.best[0]})")
    if speed := standing.images_per_s:
        parts.append(f"{speed:.0f} images/s")
    left = standing.seconds_left(now)
    if left is not None:
        parts.append(f"about {duration(left)} left")
    elif standing.running:
        parts.append(f"first epoch: {duration(now - standing.began)} so far")
    return parts


def _finished_line(trial: TrialEnded, row: Row | None, metric: str) -> str:
    epochs = f"{trial.last.epoch}/{trial.last.epochs} epochs" if trial.last else "no epoch"
    value = f"{metric} {trial.value:.3f}" if trial.value is not None else trial.outcome.message
    params = trial.params or (row.params if row else {})
    return f"trial {trial.number:>3}  {WORDS[trial.outcome.kind]:<{WIDEST}}  {value}  {epochs}  {params_line(params)}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
