"""How every picture looks: readable in print, told apart without colour, and the same bytes each time it is drawn.

Colours are those of Okabe and Ito, "Color Universal Design" (2008), which people who confuse red and green tell apart;
each goes with a line style and a marker of its own, so that a grey print still tells which is which.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Draw = Callable[[Figure], None]
Item = TypeVar("Item")

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
LINES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
HATCHES = ("", "//", "..", "xx", "\\\\", "++", "oo", "--")
WIDTH_IN, HEIGHT_IN = 6.3, 3.6  # the text width of a page
DPI = 200
LETTER_IN = 0.06  # the width of a letter in a legend, on average

_LOOK: dict[str, Any] = {
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 9,
    "figure.titlesize": 10,
    "font.family": ["DejaVu Sans"],  # comes with matplotlib, so letters are the same on every machine
    "font.size": 8.5,
    "grid.alpha": 0.35,
    "grid.linewidth": 0.5,
    "hatch.linewidth": 0.5,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "lines.markersize": 3.5,
    "path.simplify": False,
    "savefig.dpi": DPI,
    "svg.fonttype": "none",  # letters stay letters: they can be searched, and read by a test
    "svg.hashsalt": "ferray",
}


def write_figure(
    folder: Path, stem: str, draw: Draw, *, width_in: float = WIDTH_IN, height_in: float = HEIGHT_IN
) -> list[Path]:
    """Let `draw` fill an empty figure, and write it to `folder` as `stem`.png and `stem`.svg; returns both paths.

    Each file is written beside its place and renamed. The folder is made. No window and no global state of matplotlib
    is touched, so any thread may draw.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings: Any = {**dict(mpl.rcParamsDefault), **_LOOK, "backend": "agg"}
    with mpl.rc_context(settings):
        figure = Figure(figsize=(width_in, height_in), layout="constrained")
        draw(figure)
        return [_save(figure, folder / f"{stem}.{kind}") for kind in ("png", "svg")]


def _save(figure: Figure, path: Path) -> Path:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    metadata = {"Date": None, "Creator": None} if path.suffix == ".svg" else {"Software": None}
    try:
        figure.savefig(temporary, format=path.suffix[1:], metadata=metadata)
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return path


def line_look(index: int) -> dict[str, Any]:
    """Colour, line style and marker of the series at this place, all three its own for the first eight."""
    return {
        "color": COLOURS[index % len(COLOURS)],
        "linestyle": LINES[index % len(LINES)],
        "marker": MARKERS[index % len(MARKERS)],
    }


def layered_look(index: int, number: int) -> dict[str, Any]:
    """`line_look` of one series of so many, those drawn earlier being wider, so that equal curves do not hide them."""
    above = number - 1 - index
    return {**line_look(index), "linewidth": 1.4 + 0.9 * above, "markersize": 3.5 + 1.8 * above}


def bar_look(index: int) -> dict[str, Any]:
    """Colour and hatching of the bars at this place."""
    return {
        "color": COLOURS[index % len(COLOURS)],
        "hatch": HATCHES[index % len(HATCHES)],
        "edgecolor": "white",
        "linewidth": 0.4,
    }


def legend_below(axes: Axes, *, most_columns: int = 4) -> None:
    """The legend under the axes, where no curve can run through it; nothing where there is one series."""
    handles, labels = axes.get_legend_handles_labels()
    if len(labels) > 1 and axes.figure is not None:
        axes.legend(
            handles, labels, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=min(most_columns, len(labels))
        )


def shared_legend(figure: Figure, axes: Axes, *, most_columns: int = 4) -> None:
    """The legend of one of several axes, below them all, in as many columns as fit; nothing for a single series."""
    handles, labels = axes.get_legend_handles_labels()
    if len(labels) > 1:
        column_in = 0.6 + LETTER_IN * max(map(len, labels))
        columns = min(most_columns, len(labels), int(figure.get_figwidth() / column_in))
        figure.legend(handles, labels, loc="outside lower center", ncols=max(1, columns))


def entitle(figure: Figure, *lines: str) -> None:
    """The title above all axes; lines that are wider than the figure are broken."""
    most = int(figure.get_figwidth() / (1.25 * LETTER_IN))
    figure.suptitle("\n".join(textwrap.fill(line, most) for line in lines))


def paged(
    folder: Path,
    stem: str,
    items: Sequence[Item],
    draw: Callable[[Figure, Sequence[Item]], None],
    *,
    most: int,
    height_in: Callable[[int], float] = lambda _: HEIGHT_IN,
) -> list[Path]:
    """`write_figure` for at most so many items at a time, as `stem`, `stem`_2 and on; nothing where there is no item.

    `height_in` is asked with the number of items on the page.
    """
    written: list[Path] = []
    for number, start in enumerate(range(0, len(items), most), start=1):
        page = items[start : start + most]
        name = stem if number == 1 else f"{stem}_{number}"
        written += write_figure(folder, name, _of_page(draw, page), height_in=height_in(len(page)))
    return written


def _of_page(draw: Callable[[Figure, Sequence[Item]], None], page: Sequence[Item]) -> Draw:
    return lambda figure: draw(figure, page)
