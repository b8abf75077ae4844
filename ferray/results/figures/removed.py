"""The contact sheet of removed samples: each picture with its label, what the network said, and its loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ferray.data.lettering import shortened, width_of
from ferray.results.figures.album import Album
from ferray.results.figures.style import COLOURS, MARGIN_IN, WIDTH_IN, entitle
from ferray.results.removals import Gone, Removals

MOST_PICTURES = 42
COLUMNS = 6
CELL_IN = (WIDTH_IN - 2 * MARGIN_IN) / COLUMNS
CAPTION = 6.0  # letters, in points
CELL_HEIGHT = 1.27  # of a cell's width: a square picture and two lines below it
LOOKS = {True: (COLOURS[1], "-"), False: (COLOURS[0], "--"), None: ("0.6", "-")}
ARROW = " → "


@dataclass(frozen=True)
class Picture:
    """A removed sample with its image (H, W, 3) uint8 RGB."""

    gone: Gone
    image: NDArray[np.uint8]


def draw_removed(album: Album, pictures: Sequence[Picture], removals: Removals, subject: str) -> None:
    """Draw `outliers_removed`: the first 42 pictures, framed by what is known of their label."""
    shown = pictures[:MOST_PICTURES]
    rows = math.ceil(len(shown) / COLUMNS)
    num_removed = len(removals.removed)
    what = f"{len(shown)} of the {num_removed:,}" if len(shown) < num_removed else f"the {len(shown)}"

    def draw(figure: Figure) -> None:
        axes: Axes = figure.add_subplot()
        axes.set_axis_off()
        for place, picture in enumerate(shown):
            _cell(axes, picture, removals.classes, *divmod(place, COLUMNS))
        axes.set_xlim(0, COLUMNS)
        axes.set_ylim(rows * CELL_HEIGHT, 0)
        axes.set_aspect("equal", anchor="N")
        below = "below each: label → prediction, cross-entropy (nats)"
        entitle(figure, f"{subject}: {what} {removals.act} training samples", below, _frames(shown))

    album.add("outliers_removed", draw, height_in=rows * CELL_HEIGHT * CELL_IN + 3 * MARGIN_IN)


def _frames(pictures: Sequence[Picture]) -> str:
    if all(picture.gone.sample.truly_mislabelled is None for picture in pictures):
        return ""
    return "solid frame: label known to be wrong; dashed frame: label known to be right"


def _cell(axes: Axes, picture: Picture, classes: Sequence[str], row: int, column: int) -> None:
    sample, top = picture.gone.sample, row * CELL_HEIGHT
    left, right, bottom = column + 0.04, column + 0.96, top + 0.92
    axes.imshow(picture.image, extent=(left, right, bottom, top), aspect="auto", interpolation="antialiased", zorder=1)
    colour, line = LOOKS[sample.truly_mislabelled]
    corners = [left, right, right, left, left], [top, top, bottom, bottom, top]
    axes.plot(*corners, color=colour, linestyle=line, linewidth=1.5, zorder=2, solid_joinstyle="miter")
    said = _said(classes[sample.label], classes[sample.predicted])
    text = f"{said}\n{sample.loss:.2f}"
    axes.text(column + 0.5, top + 0.96, text, ha="center", va="top", fontsize=CAPTION, linespacing=1.1)


def _said(label: str, predicted: str) -> str:
    """`Angry → Sad`; of what is too wide for a cell, each name is given half of it."""
    room = 72 * CELL_IN * 0.96
    whole = f"{label}{ARROW}{predicted}"
    if width_of(whole, CAPTION) <= room:
        return whole
    half = (room - width_of(ARROW, CAPTION)) / 2
    return f"{shortened(label, half, CAPTION)}{ARROW}{shortened(predicted, half, CAPTION)}"
