"""How a sweep stands, as lines of text: a table of what runs, with what differs between trials, and what sums up."""

from __future__ import annotations

from ferray.cli.terminal.standing import Row, Standing, duration
from ferray.cli.terminal.wrapping import cut, folded, wrapped
from ferray.config.readable import params_line
from ferray.track.console import WORDS

GAP = "  "
NARROWEST_PARAMS = 20
REST_OF_SCREEN = 6  # rows that the table leaves to its header, the summary and the lines above


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
    figures: list[tuple[str, ...]] = [("trial", "epoch", standing.metric, "best"), *map(_figures, rows)]
    if not standing.knows_latest:
        figures = [("trial", "epoch", f"best {standing.metric}"), *((*row[:2], row[3]) for row in figures[1:])]
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
    asked = "" if standing.trials is None else f"/{standing.trials}"
    parts = [f"{standing.finished}{asked} trials", f"{len(standing.running)} running"]
    parts += [f"{standing.waiting} waiting"] if standing.waiting else []
    parts += [f"{count} {WORDS[kind]}" for kind, count in standing.ended.items()]
    if standing.best is not None:
        parts.append(f"best {standing.best[1]:.3f} (trial {standing.best[0]})")
    if speed := standing.images_per_s:
        parts.append(f"{speed:.0f} images/s")
    left = standing.seconds_left(now)
    if left is not None:
        parts.append(f"about {duration(left)} left")
    elif standing.running and standing.pace.began is None:
        parts.append(f"first epoch: {duration(now - standing.began)} so far")
    return parts


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
