"""A contact sheet: thumbnails in rows over short captions, one RGB picture to be looked at by a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ferray.data.images import resize

Pixels = NDArray[np.uint8]

COLUMNS = 10
THUMB, GAP = 104, 8  # pixels
SMALL, LARGE = 10, 13  # letters, in pixels
LINE, TITLE_LINE = 13, 19
PLAIN_FRAME, THICK_FRAME = 1, 4
INK, PAPER, FLAGGED, PLAIN = (20, 20, 20), (255, 255, 255), (213, 94, 0), (200, 200, 200)
ELLIPSIS = "…"


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
    width = COLUMNS * (THUMB + GAP) + GAP
    heading = list(_broken(title, width - 2 * GAP))
    top = sheet_top(title)
    num_rows = -(-len(tiles) // COLUMNS)
    tile_height = THUMB + LINE * max((len(tile.caption) for tile in tiles), default=0)
    sheet = Image.new("RGB", (width, top + num_rows * (tile_height + GAP)), PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, line in enumerate(heading):
        draw.text((GAP, GAP + number * TITLE_LINE), line, INK, _font(LARGE))
    for place, tile in enumerate(tiles):
        down, along = divmod(place, COLUMNS)
        _draw_tile(sheet, tile, GAP + along * (THUMB + GAP), top + down * (tile_height + GAP))
    return np.asarray(sheet, dtype=np.uint8)


def sheet_top(title: str) -> int:
    """Where the first row of thumbnails begins, in pixels from the top."""
    return 2 * GAP + TITLE_LINE * len(list(_broken(title, COLUMNS * (THUMB + GAP) - GAP)))


def _draw_tile(sheet: Image.Image, tile: Tile, left: int, top: int) -> None:
    draw = ImageDraw.Draw(sheet)
    frame, colour = (THICK_FRAME, FLAGGED) if tile.is_flagged else (PLAIN_FRAME, PLAIN)
    draw.rectangle((left, top, left + THUMB - 1, top + THUMB - 1), PAPER, colour, frame)
    if tile.image is not None:
        sheet.paste(Image.fromarray(resize(tile.image, THUMB - 2 * frame)), (left + frame, top + frame))
    for number, line in enumerate(tile.caption):
        draw.text((left, top + THUMB + 1 + number * LINE), shortened(line, THUMB), INK, _font(SMALL))


def shortened(text: str, width: int) -> str:
    """The text if it is at most so many pixels wide in small letters, else its two ends around an ellipsis."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in text)
    num_kept = len(plain)
    short = plain
    while num_kept > 1 and _font(SMALL).getlength(short) > width:
        num_kept -= 1
        head = num_kept // 2
        short = plain[:head] + ELLIPSIS + plain[len(plain) - (num_kept - head) :]
    return short


def _broken(text: str, width: int) -> Iterator[str]:
    """Lines of at most so many pixels in large letters, broken between words, or within one that is too long."""
    line = ""
    for word in text.split():
        joined = f"{line} {word}".strip()
        if _font(LARGE).getlength(joined) <= width:
            line = joined
            continue
        if line:
            yield line
        line = word
        while _font(LARGE).getlength(line) > width:
            fits = next(end for end in range(len(line), 0, -1) if _font(LARGE).getlength(line[:end]) <= width)
            yield line[:fits]
            line = line[fits:]
    yield line


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans out of matplotlib's folder, so that letters are the same everywhere; Pillow's own knows no `Ж`."""
    found = find_spec("matplotlib")
    assert found is not None
    assert found.origin is not None
    return ImageFont.truetype(str(Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"), size)
