"""A contact sheet: thumbnails in rows over short captions, one RGB picture to be looked at by a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ferray.data.images import resize
from ferray.data.lettering import broken, font, shortened

Shown = TypeVar("Shown")
Pixels = NDArray[np.uint8]

COLUMNS = 10
THUMB, GAP = 104, 8  # pixels
SMALL, LARGE = 10, 13  # letters, in pixels
LINE, TITLE_LINE = 13, 19
PLAIN_FRAME, THICK_FRAME = 1, 4
INK, PAPER, FLAGGED, PLAIN = (20, 20, 20), (255, 255, 255), (213, 94, 0), (200, 200, 200)


@dataclass(frozen=True)
class Tile:
    """A thumbnail: an RGB image of any size, None for an empty frame; a thick frame says that something is remarkable.

    Lines of the caption that are wider than the thumbnail lose their middle, which an ellipsis marks.
    """

    image: Pixels | None
    caption: tuple[str, ...]
    is_flagged: bool = False


def draw_sheet(tiles: Sequence[Tile], title: str) -> Pixels:
    """One sheet, (H, W, 3), ten tiles a row, with its title above; a title that is too wide takes several lines."""
    top = sheet_top(title)
    num_rows = -(-len(tiles) // COLUMNS)
    tile_height = THUMB + LINE * max((len(tile.caption) for tile in tiles), default=0)
    size = (COLUMNS * (THUMB + GAP) + GAP, top + num_rows * (tile_height + GAP))
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, line in enumerate(_title_lines(title)):
        draw.text((GAP, GAP + number * TITLE_LINE), line, INK, font(LARGE))
    for place, tile in enumerate(tiles):
        down, along = divmod(place, COLUMNS)
        _draw_tile(sheet, tile, GAP + along * (THUMB + GAP), top + down * (tile_height + GAP))
    return np.asarray(sheet, dtype=np.uint8)


def sheet_top(title: str) -> int:
    """Where the first row of thumbnails begins, in pixels from the top."""
    return 2 * GAP + TITLE_LINE * len(_title_lines(title))


def _title_lines(title: str) -> list[str]:
    return broken(title, COLUMNS * (THUMB + GAP) - GAP, LARGE)


def _draw_tile(sheet: Image.Image, tile: Tile, left: int, top: int) -> None:
    draw = ImageDraw.Draw(sheet)
    frame, colour = (THICK_FRAME, FLAGGED) if tile.is_flagged else (PLAIN_FRAME, PLAIN)
    draw.rectangle((left, top, left + THUMB - 1, top + THUMB - 1), PAPER, colour, frame)
    if tile.image is not None:
        sheet.paste(Image.fromarray(resize(tile.image, THUMB - 2 * frame)), (left + frame, top + frame))
    for number, line in enumerate(tile.caption):
        draw.text((left, top + THUMB + 1 + number * LINE), shortened(line, THUMB, SMALL), INK, font(SMALL))


def evenly(shown: Sequence[Shown], most: int) -> list[Shown]:
    """All of them, or so many at the same distance from one to the next, the first and the last among them."""
    if len(shown) <= most:
        return list(shown)
    return [shown[index] for index in np.linspace(0, len(shown) - 1, most).round().astype(int).tolist()]
