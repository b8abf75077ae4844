"""How many images each class has in each split."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ferray.results.class_counts import SplitCounts
from ferray.results.figures.album import Album
from ferray.results.figures.style import (
    AXES_IN,
    NAME_IN,
    bar_look,
    entitle,
    legend_below,
    name_rows,
    num_ticks,
    rows_height_in,
    whole_numbers,
)

SPLIT_NAMES = {"train": "training", "val": "validation", "test": "test"}


def draw_classes(album: Album, title: str, found: SplitCounts, stem: str = "classes") -> None:
    """Draw `classes`: a bar a class and split, its count at its end."""

    def draw(figure: Figure) -> None:
        axes: Axes = figure.subplots()
        width = 0.8 / len(found.counts)
        for place, (split, counts) in enumerate(found.counts.items()):
            rows = np.arange(len(counts)) + (place - (len(found.counts) - 1) / 2) * width
            name = f"{SPLIT_NAMES[split]} (n = {sum(counts):,})"
            bars = axes.barh(rows, counts, width * 0.95, label=name, **bar_look(place))
            axes.bar_label(bars, [f"{count:,}" for count in counts], fontsize=6, padding=2)
        name_rows(axes, found.classes, "class")
        axes.margins(x=0.1)
        axes.set_xlabel("images")
        largest = max(max(counts) for counts in found.counts.values())
        whole_numbers(axes.xaxis, num_ticks(largest, AXES_IN - NAME_IN))
        total = sum(map(sum, found.counts.values()))
        entitle(figure, f"{title}: images of each class by split", f"n = {total:,} images{_of_fold(found)}")
        legend_below(figure, axes)

    album.add(stem, draw, height_in=rows_height_in(len(found.classes), len(found.counts)))


def _of_fold(found: SplitCounts) -> str:
    return f"; the first of {found.num_folds} folds" if found.num_folds > 1 else ""
