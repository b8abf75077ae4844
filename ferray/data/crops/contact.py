"""Contact sheets: the crops on one picture after another, remarkable ones first, to be looked at by a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from ferray.data.crops.cropper import write_png
from ferray.data.crops.cutting import Image
from ferray.data.crops.plan import stem_of
from ferray.data.crops.quality import FLAGS
from ferray.data.crops.report import Row
from ferray.data.images import resize

COLUMNS, ROWS = 10, 8
MOST_SHEETS = 12
THUMB, GAP, CAPTION, TITLE = 104, 8, 42, 30  # pixels
INK, PAPER, FLAGGED, PLAIN = (20, 20, 20), (255, 255, 255), (213, 94, 0), (200, 200, 200)
LETTERS = 17  # that fit under a thumbnail

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
        write_png(folder / name, draw_sheet(page, picture, title=heading))
        names.append(name)
    for old in folder.glob("contact*.png"):
        if old.name not in names:
            old.unlink()
    return names


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
        chosen[flag] = _evenly(group, room)
    return [row for flag in groups for row in chosen[flag]]


def _evenly(rows: Sequence[Row], most: int) -> list[Row]:
    if len(rows) <= most:
        return list(rows)
    return [rows[index] for index in np.linspace(0, len(rows) - 1, most).round().astype(int).tolist()]


def draw_sheet(page: Sequence[Row], picture: Picture, *, title: str) -> Image:
    """One sheet, (H, W, 3): thumbnails over name, class and flags, a thick frame around those that carry a flag."""
    num_rows = -(-len(page) // COLUMNS)
    height = TITLE + num_rows * (THUMB + CAPTION + GAP) + GAP
    sheet = np.full((height, COLUMNS * (THUMB + GAP) + GAP, 3), PAPER, dtype=np.uint8)
    _write(sheet, title, GAP, TITLE - 10, scale=0.45)
    for place, row in enumerate(page):
        down, along = divmod(place, COLUMNS)
        top, left = TITLE + down * (THUMB + CAPTION + GAP), GAP + along * (THUMB + GAP)
        _draw_thumbnail(sheet[top : top + THUMB + CAPTION, left : left + THUMB], row, picture(row))
    return sheet


def _draw_thumbnail(tile: Image, row: Row, image: Image | None) -> None:
    """Fill one tile, (THUMB + CAPTION, THUMB, 3), in place."""
    frame = 4 if row.flags else 1
    tile[:THUMB] = FLAGGED if row.flags else PLAIN
    inner = THUMB - 2 * frame
    tile[frame : frame + inner, frame : frame + inner] = PAPER if image is None else resize(image, inner)
    _write(tile, stem_of(row.sample.name)[-LETTERS:], 0, THUMB + 11)
    _write(tile, row.class_name[:LETTERS], 0, THUMB + 24)
    _write(tile, " ".join(row.flags)[:LETTERS], 0, THUMB + 37)


def _write(image: Image, text: str, x: int, y: int, *, scale: float = 0.34) -> None:
    plain = text.encode("ascii", "replace").decode()
    cv2.putText(image, plain, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, INK, 1, cv2.LINE_AA)
