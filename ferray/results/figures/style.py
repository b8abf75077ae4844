"""How every figure looks: readable in print, told apart without colour, with every word on the page.

Colours are those of Okabe and Ito, "Color Universal Design" (2008), which people who confuse red and green tell apart;
each goes with a line style and a marker of its own, so that a grey print still tells which is which. A figure's height
is that of its axes: title and legend add theirs. Sizes of letters are in points, 72 an inch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from ferray.data.lettering import broken, shortened_apart, width_of

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
LINES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
HATCHES = ("", "//", "..", "xx", "\\\\", "++", "oo", "--")
WIDTH_IN, HEIGHT_IN = 6.3, 3.0  # the text width of a page; the height of the axes with their labels
MARGIN_IN = 0.08
AXES_IN = WIDTH_IN - 0.8  # the width of single axes beside their label and ticks
TITLE, PANEL_TITLE, TICK, LEGEND = 9.5, 7.5, 7.5, 7.5
LEGEND_HANDLE = 38.0  # line and gaps beside a label of the legend
NAME_IN = 1.6  # the widest name of a class or an arm beside an axis

LOOK: dict[str, Any] = {
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.labelsize": 8.5,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": PANEL_TITLE,
    "figure.constrained_layout.h_pad": MARGIN_IN,
    "figure.constrained_layout.w_pad": MARGIN_IN,
    "figure.titlesize": TITLE,
    "font.family": ["DejaVu Sans"],  # comes with matplotlib, so letters are the same on every machine
    "font.size": 8.5,
    "grid.alpha": 0.35,
    "grid.linewidth": 0.5,
    "hatch.linewidth": 0.5,
    "legend.fontsize": LEGEND,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "lines.markersize": 3.5,
    "path.simplify": False,
    "text.parse_math": False,  # a class may be called `$a$`
    "xtick.labelsize": TICK,
    "ytick.labelsize": TICK,
}


def begin_at_zero(axes: Axes) -> None:
    """Have the y axis begin at zero, and leave room above its highest point for the whole of a marker."""
    highest = axes.dataLim.ymax
    axes.set_ylim(bottom=0, top=1.05 * highest if 0 < highest < float("inf") else None)


def line_look(index: int) -> dict[str, Any]:
    """Colour, line style and marker of the series at this place, all three its own for the first eight."""
    return {
        "color": COLOURS[index % len(COLOURS)],
        "linestyle": LINES[index % len(LINES)],
        "marker": MARKERS[index % len(MARKERS)],
    }


def layered_look(index: int, number: int) -> dict[str, Any]:
    """`line_look` of one series of so many, those drawn earlier being wider, so that equal curves show each other."""
    above = min(number - 1 - index, 3)
    return {**line_look(index), "linewidth": 1.4 + 0.9 * above, "markersize": 3.5 + 1.8 * above}


def bar_look(index: int) -> dict[str, Any]:
    """Colour and hatching of the bars at this place."""
    return {
        "color": COLOURS[index % len(COLOURS)],
        "hatch": HATCHES[index % len(HATCHES)],
        "edgecolor": "white",
        "linewidth": 0.4,
    }


def entitle(figure: Figure, title: str, *notes: str) -> None:
    """The title above all axes, and notes in lines of their own below it; lines that are too wide are broken."""
    room = 72 * (figure.get_figwidth() - 2 * MARGIN_IN)
    lines = [line for text in (title, *notes) if text for line in broken(text, room, TITLE)]
    figure.suptitle("\n".join(lines))
    grow(figure, len(lines) * TITLE * 1.3 + 4)


def entitle_panel(axes: Axes, width_in: float, *texts: str) -> None:
    """The title of one of several axes that is so wide, broken where it has to be."""
    axes.set_title("\n".join(panel_lines(width_in, *texts)))


def panel_lines(width_in: float, *texts: str) -> list[str]:
    """The lines of `entitle_panel`."""
    return [line for text in texts for line in broken(text, 72 * width_in, PANEL_TITLE)]


def label_side(axes: Axes, height_in: float, text: str) -> None:
    """The label of an axis that is so high, broken where it has to be."""
    axes.set_ylabel("\n".join(broken(text, 72 * height_in, LOOK["axes.labelsize"])))


def legend_below(figure: Figure, *axes: Axes, most_columns: int = 4) -> None:
    """One legend for these axes, below all of them, in as many columns as fit; nothing for a single series."""
    found = [entry for each in axes for entry in zip(*each.get_legend_handles_labels(), strict=True)]
    entries = {label: handle for handle, label in reversed(found)}
    labels = list(dict.fromkeys(label for _, label in found))
    if len(labels) < 2:
        return
    room = 72 * (figure.get_figwidth() - 2 * MARGIN_IN)
    short = shortened_apart(labels, room - LEGEND_HANDLE, LEGEND)
    column = max(width_of(label, LEGEND) for label in short) + LEGEND_HANDLE
    columns = max(1, min(most_columns, len(labels), int(room / column)))
    figure.legend([entries[label] for label in labels], short, loc="outside lower center", ncols=columns)
    grow(figure, -(-len(labels) // columns) * LEGEND * 1.6 + 8)


def grow(figure: Figure, points: float) -> None:
    """Make the figure so many points higher."""
    figure.set_figheight(figure.get_figheight() + points / 72)


def name_rows(axes: Axes, names: Sequence[str], label: str, *, notes: Sequence[str] = ()) -> None:
    """Names down the left side, the first on top, one a row at 0, 1, 2 and on; long ones lose their middle.

    `notes` stand behind the names, in brackets.
    """
    short = shortened_apart(names, 72 * NAME_IN, TICK)
    texts = [f"{name} ({note})" for name, note in zip(short, notes, strict=True)] if notes else short
    axes.set_yticks(range(len(names)), texts)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_ylabel(label)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")


def whole_numbers(axis: Axis, most: int = 5) -> None:
    """At most about so many ticks, at whole numbers only: epochs, images. There may be a single one."""
    axis.set_major_locator(MaxNLocator(most, integer=True, min_n_ticks=1))
    axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def num_ticks(largest: float, width_in: float) -> int:
    """How many whole numbers of this length stand beside each other on so much room, ten at most."""
    return max(1, min(10, int(72 * width_in / (width_of(f"{largest:,.0f}", TICK) + 2 * TICK)) - 1))


def rows_height_in(num_rows: int, num_bars: int) -> float:
    """The height of axes with so many named rows of so many bars each."""
    return 0.6 + num_rows * max(0.24, 0.12 + 0.13 * num_bars)


def joined(parts: Iterable[str]) -> str:
    """The parts that are not empty, with a semicolon in between."""
    return "; ".join(part for part in parts if part)
