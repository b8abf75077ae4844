"""Contact sheets of crops, remarkable ones first, to be looked at by a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ferray.crops.cutting import Image
from ferray.crops.plan import stem_of
from ferray.crops.quality import FLAGS
from ferray.crops.report import Row
from ferray.data.contact_sheet import COLUMNS, Tile, draw_sheet, evenly
from ferray.data.png import write_png

ROWS = 8
MOST_SHEETS = 12

Picture = Callable[[Row], Image | None]


def write_sheets(folder: Path, rows: Sequence[Row], picture: Picture, *, title: str) -> list[str]:
    """Write `contact.png`, `contact-2.png` and so on, and return their names; older ones beyond them go away.

    `picture` gives what is shown for a row, of any size, None for an empty frame. At most 960 rows are shown.
    """
    shown = worth_a_look(rows, COLUMNS * ROWS * MOST_SHEETS)
    pages = [shown[start : start + COLUMNS * ROWS] for start in range(0, len(shown), COLUMNS * ROWS)]
    names = []
    for number, page in enumerate(pages, start=1):
        name = "contact.png" if number == 1 else f"contact-{number}.png"
        first = (number - 1) * COLUMNS * ROWS + 1
        heading = f"{title}; sheet {number} of {len(pages)}: {first} to {first + len(page) - 1} of {len(rows)}"
        write_png(folder / name, draw_sheet([tile_of(row, picture(row)) for row in page], heading))
        names.append(name)
    for old in folder.glob("contact*.png"):
        if old.name not in names:
            old.unlink()
    return names


def tile_of(row: Row, image: Image | None) -> Tile:
    """A picture over its name, its class and its flags, in a thick frame where it carries one."""
    return Tile(image, (stem_of(row.sample.name), row.class_name, " ".join(row.flags)), is_flagged=bool(row.flags))


def worth_a_look(rows: Sequence[Row], most: int) -> list[Row]:
    """At most so many rows, by their first flag in the order of `FLAGS`, those without one last.

    Where there is no room for all, a flag that many carry leaves room for the rarer ones and for pictures without any;
    within each an even choice is made.
    """
    groups = {flag: [row for row in rows if row.flags[:1] == (flag,)] for flag in FLAGS}
    groups[""] = [row for row in rows if not row.flags]
    chosen: dict[str, list[Row]] = {}
    for number, (flag, group) in enumerate(sorted(groups.items(), key=lambda item: len(item[1]))):
        room = (most - sum(map(len, chosen.values()))) // (len(groups) - number)
        chosen[flag] = evenly(group, room)
    return [row for flag in groups for row in chosen[flag]]
