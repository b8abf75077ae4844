"""How many images each class has in each split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ferray.results.class_counts import SplitCounts
from ferray.results.figures.style import bar_look, entitle, shared_legend, write_figure

SPLIT_NAMES = {"train": "training", "val": "validation", "test": "test"}


def draw_classes(folder: Path, title: str, found: SplitCounts, stem: str = "classes") -> list[Path]:
    """Write `classes`: a bar a class and split, its count on top."""

    def draw(figure: Figure) -> None:
        axes: Axes = figure.subplots()
        width = 0.8 / len(found.counts)
        for place, (split, counts) in enumerate(found.counts.items()):
            left = np.arange(len(counts)) + (place - (len(found.counts) - 1) / 2) * width
            bars = axes.bar(
                left, counts, width * 0.95, label=f"{SPLIT_NAMES[split]} (n = {sum(counts)})", **bar_look(place)
            )
            axes.bar_label(bars, fontsize=6, padding=1)
        axes.set_xticks(range(len(found.classes)), found.classes)
        axes.set_xlabel("class")
        axes.set_ylabel("images")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        total = sum(map(sum, found.counts.values()))
        entitle(figure, f"{title}: images of each class by split, n = {total}{_of_fold(found)}")
        shared_legend(figure, axes)

    return write_figure(folder, stem, draw)


def _of_fold(found: SplitCounts) -> str:
    return f", first of {found.num_folds} folds" if found.num_folds > 1 else ""
