"""Who was taken for whom: a confusion matrix for every arm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ferray.data.lettering import shortened_apart, width_of
from ferray.results.figures.album import Album
from ferray.results.figures.scored import Scored, naming
from ferray.results.figures.style import PANEL_TITLE, TICK, WIDTH_IN, entitle, entitle_panel, grow, panel_lines

FEW = 8  # classes of which several matrices fit on a page
MOST_WRITTEN = 20  # classes; beyond, cells are too small for figures
CELL_IN, SMALL_CELL_IN, SMALLEST_CELL_IN = 0.46, 0.27, 0.11  # as wished, still to be read with figures, and without
ASIDE_IN = 0.75  # axis label, ticks and margins beside a matrix, without the names of the classes
LONGEST_IN = 0.95  # the name of a class
DARK = 0.55  # a share from which on the letters are white


@dataclass(frozen=True)
class Sizes:
    """Of one page, in inches: the side of a matrix, the names beside it, the page."""

    side: float
    names: float
    columns: int
    rows: int
    num_classes: int

    @classmethod
    def of(cls, classes: Sequence[str], num_matrices: int) -> Sizes:
        names = min(LONGEST_IN, max(width_of(name, TICK) for name in classes) / 72)
        half = WIDTH_IN / 2 - ASIDE_IN - names
        columns = 2 if num_matrices > 1 and half >= SMALL_CELL_IN * len(classes) else 1
        room = WIDTH_IN / columns - ASIDE_IN - names
        side = max(min(room, CELL_IN * len(classes)), SMALLEST_CELL_IN * len(classes))
        return cls(side, names, columns, math.ceil(num_matrices / columns), len(classes))

    @property
    def cell_pt(self) -> float:
        return 72 * self.side / self.num_classes

    @property
    def panel(self) -> float:
        return WIDTH_IN / self.columns - 0.4

    @property
    def height(self) -> float:
        return self.rows * (self.side + self.names * 0.75 + 0.8)

    @property
    def width(self) -> float:
        bar = 1.3 if self.num_classes > MOST_WRITTEN else 0.0
        return max(WIDTH_IN, self.side + self.names + ASIDE_IN + bar)


def draw_confusion(album: Album, title: str, scored: Sequence[Scored]) -> None:
    """Draw `confusion`: a matrix each, rows being truth and in percent of it, with counts summed over seeds."""
    if not scored:
        return
    classes = scored[0].measured.classes
    most = 4 if len(classes) <= FEW else 1

    def page(figure: Figure, shown: Sequence[Scored]) -> None:
        sizes = Sizes.of(classes, len(shown))
        panels = figure.subplots(sizes.rows, sizes.columns, squeeze=False).ravel()
        for axes, each in zip(panels, shown, strict=False):
            _matrix(axes, each, sizes)
            entitle_panel(axes, sizes.panel, *_panel_title(each, shown))
        num_lines = max(len(panel_lines(sizes.panel, *_panel_title(each, shown))) for each in shown)
        grow(figure, sizes.rows * num_lines * PANEL_TITLE * 1.25)
        for axes in panels[len(shown) :]:
            axes.set_axis_off()
        entitle(figure, f"{title}{naming(shown)}: confusion matrix", _note(shown, sizes))

    def height_in(shown: Sequence[Scored]) -> float:
        return Sizes.of(classes, len(shown)).height

    width_in = Sizes.of(classes, min(most, len(scored))).width
    album.add_pages("confusion", scored, page, most=most, height_in=height_in, width_in=width_in)


def _panel_title(scored: Scored, shown: Sequence[Scored]) -> list[str]:
    return [scored.name, scored.basis] if len(shown) > 1 else [scored.basis]


def _note(shown: Sequence[Scored], sizes: Sizes) -> str:
    summed = ", summed over seeds" if any(len(each.measured.by_seed) > 1 for each in shown) else ""
    if sizes.num_classes > MOST_WRITTEN:
        return summed.removeprefix(", ")
    return f"in each cell the percent of the true class, below it the images{summed}"


def _matrix(axes: Axes, scored: Scored, sizes: Sizes) -> None:
    counts_CC = scored.measured.confusion()
    percent_CC = 100 * counts_CC / np.maximum(counts_CC.sum(axis=1, keepdims=True), 1)
    image = axes.imshow(percent_CC, cmap="Blues", vmin=0, vmax=100)
    axes.grid(visible=False)
    if sizes.num_classes > MOST_WRITTEN:
        axes.figure.colorbar(image, ax=axes, label="percent of the true class", fraction=0.05)
    else:
        _write_cells(axes, counts_CC, percent_CC, sizes.cell_pt)
    letters = min(TICK, 0.7 * sizes.cell_pt)
    names = shortened_apart(scored.measured.classes, 72 * LONGEST_IN, letters)
    places = range(sizes.num_classes)
    axes.set_xticks(places, names, rotation=45, ha="right", rotation_mode="anchor", fontsize=letters)
    axes.set_yticks(places, names, fontsize=letters)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")


def _write_cells(axes: Axes, counts_CC: NDArray[np.int64], percent_CC: NDArray[np.float64], cell_pt: float) -> None:
    """Percent over count in letters that leave the widest of them some room."""
    widest = max(width_of("100 %", 1), width_of(f"{counts_CC.max():,}", 1))
    size = min(TICK, 0.9 * cell_pt / widest)
    for (row, column), count in np.ndenumerate(counts_CC):
        percent = percent_CC[row, column]
        colour = "white" if percent > 100 * DARK else "black"
        axes.text(column, row, f"{percent:.0f} %\n{count:,}", ha="center", va="center", fontsize=size, color=colour)
