"""Who was taken for whom: confusion matrices, the recall of each class, and the folds of a cross-validation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ferray.results.estimates import Estimate
from ferray.results.figures.style import (
    HEIGHT_IN,
    WIDTH_IN,
    bar_look,
    entitle,
    line_look,
    paged,
    shared_legend,
    write_figure,
)
from ferray.results.measured import Measured

MOST_MATRICES = 4  # a page, two in a row
MOST_BARS = 4  # a class
SPLIT_NAMES = {"val": "validation images", "test": "test images", "cv": "validation images of all folds"}
METRIC_NAMES = {"accuracy": "accuracy", "uar": "UAR", "macro_f1": "macro-F1"}


@dataclass(frozen=True)
class Scored:
    """A group of trials under its name, and what they scored on `split`."""

    name: str
    split: str
    measured: Measured

    @property
    def basis(self) -> str:
        """`n = 216 test images, 9 seeds`."""
        num_seeds = len(self.measured.by_seed)
        seeds = f", {num_seeds} seeds" if num_seeds > 1 else ""
        return f"n = {self.measured.n} {SPLIT_NAMES[self.split]}{seeds}"


def draw_confusion(folder: Path, title: str, scored: Sequence[Scored]) -> list[Path]:
    """Write `confusion`: a matrix each, rows being truth and in percent of it, with counts summed over seeds."""

    def page(figure: Figure, shown: Sequence[Scored]) -> None:
        figure.set_layout_engine("constrained", h_pad=0.1)  # between a panel's label and the title below it
        columns = min(2, len(shown))
        panels = figure.subplots(math.ceil(len(shown) / columns), columns, squeeze=False).ravel()
        for axes, each in zip(panels, shown, strict=False):
            _matrix(axes, each)
        for axes in panels[len(shown) :]:
            axes.set_axis_off()
        summed = " over all seeds" if any(len(each.measured.by_seed) > 1 for each in shown) else ""
        entitle(figure, f"{title}: percent of each true class, counts{summed} below")

    rows_in = 0.52 * WIDTH_IN
    return paged(
        folder, "confusion", scored, page, most=MOST_MATRICES, height_in=lambda num: rows_in * math.ceil(num / 2) + 0.4
    )


def _matrix(axes: Axes, scored: Scored) -> None:
    counts_CC = scored.measured.confusion()
    shares_CC = counts_CC / np.maximum(counts_CC.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares_CC, cmap="Blues", vmin=0, vmax=1)
    axes.grid(visible=False)
    size = 6.0 if len(counts_CC) <= 7 else 42 / len(counts_CC)
    for (row, column), count in np.ndenumerate(counts_CC):
        share = shares_CC[row, column]
        colour = "white" if share > 0.55 else "black"
        axes.text(column, row, f"{100 * share:.0f}\n{count}", ha="center", va="center", fontsize=size, color=colour)
    axes.set_xticks(range(len(counts_CC)), scored.measured.classes, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(counts_CC)), scored.measured.classes)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    axes.set_title(f"{scored.name}\n{scored.basis}")


def draw_recalls(folder: Path, title: str, scored: Sequence[Scored]) -> list[Path]:
    """Write `recalls`: the recall of each class with its 95 % interval, the images of a class beside its name."""

    def page(figure: Figure, shown: Sequence[Scored]) -> None:
        axes: Axes = figure.subplots()
        classes, width = shown[0].measured.classes, 0.8 / len(shown)
        for place, each in enumerate(shown):
            recalls = {label: found[1] for label in range(len(classes)) if (found := each.measured.recall(label))}
            left = np.array(list(recalls)) + (place - (len(shown) - 1) / 2) * width
            heights = [100 * recall.value for recall in recalls.values()]
            axes.bar(left, heights, width * 0.95, label=_named_with_basis(each, shown), **bar_look(place))
            axes.errorbar(left, heights, _reach(list(recalls.values())), fmt="none", ecolor="black", **_CAP)
        axes.set_xticks(range(len(classes)), _named_with_n(shown))
        axes.set_ylabel("recall (%)")
        axes.set_ylim(0, 100)
        axes.set_xlabel("true class")
        whiskers = "whiskers: 95 % intervals for the images of the class"
        entitle(figure, f"{title}: recall by class; {whiskers}", "; ".join(dict.fromkeys(each.basis for each in shown)))
        shared_legend(figure, axes, most_columns=2)

    return paged(folder, "recalls", scored, page, most=MOST_BARS, height_in=lambda num: HEIGHT_IN + 0.1 * num)


def _named_with_basis(scored: Scored, shown: Sequence[Scored]) -> str:
    return scored.name if len({each.basis for each in shown}) == 1 else f"{scored.name} ({scored.basis})"


def _named_with_n(shown: Sequence[Scored]) -> list[str]:
    """Classes with their number of images, where that is one number for all that is shown."""
    sizes = {each.measured.class_sizes() for each in shown}
    classes = shown[0].measured.classes
    if len(sizes) > 1:
        return list(classes)
    return [f"{name}\nn = {n}" for name, n in zip(classes, sizes.pop(), strict=True)]


_CAP: Any = {"elinewidth": 0.8, "capsize": 1.8, "capthick": 0.8}


def _reach(estimates: Sequence[Estimate]) -> NDArray[np.float64]:
    """How far below and above, (2, number of estimates), in percent; none where there is no interval."""
    ends = [estimate.interval or (estimate.value, estimate.value) for estimate in estimates]
    below = [max(0.0, estimate.value - low) for estimate, (low, _) in zip(estimates, ends, strict=True)]
    above = [max(0.0, high - estimate.value) for estimate, (_, high) in zip(estimates, ends, strict=True)]
    return np.array([below, above], dtype=np.float64) * 100


def draw_folds(folder: Path, title: str, scored: Sequence[Scored]) -> list[Path]:
    """Write `folds`: each fold's score and their mean with its 95 % interval; nothing without cross-validation."""
    folded = [each for each in scored if each.measured.folds]
    if not folded:
        return []

    def draw(figure: Figure) -> None:
        axes: Axes = figure.subplots()
        for place, each in enumerate(folded):
            _folds(axes, len(folded) - place, each)
        axes.set_yticks(range(len(folded), 0, -1), [each.name for each in folded])
        axes.set_ylim(0.4, len(folded) + 0.6)
        axes.grid(axis="x")
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(f"{METRIC_NAMES[folded[0].measured.metric]} (%)")
        entitle(figure, f"{title}: each fold, and the mean with its corrected 95 % interval", folded[0].basis)
        shared_legend(figure, axes)

    return write_figure(folder, "folds", draw, height_in=1.4 + 0.3 * len(folded))


def _folds(axes: Axes, height: float, scored: Scored) -> None:
    mean = scored.measured.estimate()
    values = [100 * value for seed in scored.measured.by_seed for value in scored.measured.values(seed)]
    labels = ("fold", "mean") if not axes.get_legend_handles_labels()[1] else ("", "")
    look = {**line_look(0), "linestyle": "", "markerfacecolor": "none"}
    axes.plot(values, [height] * len(values), label=labels[0], **look)
    below = height - 0.17  # so that no fold hides behind the mean
    axes.errorbar([100 * mean.value], [below], xerr=_reach([mean]), fmt="D", color="black", label=labels[1], **_CAP)
