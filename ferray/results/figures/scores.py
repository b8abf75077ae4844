"""Scores with their intervals: the recall of each class, and the folds of a cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ferray.results.figures.album import Album
from ferray.results.figures.scored import Scored, naming
from ferray.results.figures.style import bar_look, entitle, legend_below, line_look, name_rows, rows_height_in
from ferray.stats.estimates import METRIC_NAMES, Estimate

MOST_BARS = 4  # a class
MOST_FOLDED = 20  # a page
_CAP: Any = {"elinewidth": 0.8, "capsize": 1.8, "capthick": 0.8}


def draw_recalls(album: Album, title: str, scored: Sequence[Scored]) -> None:
    """Draw `recalls`: the recall of each class with its 95 % interval, the images of a class beside its name."""

    def page(figure: Figure, shown: Sequence[Scored]) -> None:
        axes: Axes = figure.subplots()
        classes, width = shown[0].measured.classes, 0.8 / len(shown)
        for place, each in enumerate(shown):
            recalls = {label: found[1] for label in range(len(classes)) if (found := each.measured.recall(label))}
            rows = np.array(list(recalls)) + (place - (len(shown) - 1) / 2) * width
            values = [100 * recall.value for recall in recalls.values()]
            axes.barh(rows, values, width * 0.95, label=_named_with_basis(each, shown), **bar_look(place))
            axes.errorbar(values, rows, xerr=_reach(list(recalls.values())), fmt="none", ecolor="black", **_CAP)
        name_rows(axes, classes, "true class", notes=_images(shown))
        axes.set_xlabel("recall (%)")
        axes.set_xlim(0, 100)
        whiskers = "whiskers: 95 % interval for the images of the class"
        bases = "; ".join(dict.fromkeys(each.basis for each in shown))
        entitle(figure, f"{title}{naming(shown)}: recall by class", bases, whiskers)
        legend_below(figure, axes, most_columns=2)

    def height_in(shown: Sequence[Scored]) -> float:
        return rows_height_in(len(shown[0].measured.classes), len(shown))

    album.add_pages("recalls", scored, page, most=MOST_BARS, height_in=height_in)


def _named_with_basis(scored: Scored, shown: Sequence[Scored]) -> str:
    return scored.name if len({each.basis for each in shown}) == 1 else f"{scored.name} ({scored.basis})"


def _images(shown: Sequence[Scored]) -> list[str]:
    """The number of images of each class, where that is one number for all that is shown."""
    sizes = {each.measured.class_sizes() for each in shown}
    return [f"n = {n:,}" for n in sizes.pop()] if len(sizes) == 1 else []


def _reach(estimates: Sequence[Estimate]) -> NDArray[np.float64]:
    """How far below and above, (2, number of estimates), in percent; none where there is no interval."""
    ends = [estimate.interval or (estimate.value, estimate.value) for estimate in estimates]
    below = [max(0.0, estimate.value - low) for estimate, (low, _) in zip(estimates, ends, strict=True)]
    above = [max(0.0, high - estimate.value) for estimate, (_, high) in zip(estimates, ends, strict=True)]
    return np.array([below, above], dtype=np.float64) * 100


def draw_folds(album: Album, title: str, scored: Sequence[Scored]) -> None:
    """Draw `folds`: each fold's score and their mean with its 95 % interval; nothing without cross-validation."""
    folded = [each for each in scored if each.measured.folds]

    def page(figure: Figure, shown: Sequence[Scored]) -> None:
        axes: Axes = figure.subplots()
        for row, each in enumerate(shown):
            _folds(axes, row, each)
        name_rows(axes, [each.name for each in shown], "")
        axes.set_xlabel(f"{METRIC_NAMES[shown[0].measured.metric]} (%)")
        bases = "; ".join(dict.fromkeys(each.basis for each in shown))
        entitle(figure, f"{title}{naming(shown)}: score of each fold", bases, "mean with its corrected 95 % interval")
        legend_below(figure, axes)

    album.add_pages("folds", folded, page, most=MOST_FOLDED, height_in=lambda shown: rows_height_in(len(shown), 2))


def _folds(axes: Axes, row: float, scored: Scored) -> None:
    mean = scored.measured.estimate()
    values = [100 * value for seed in scored.measured.by_seed for value in scored.measured.values(seed)]
    look = {**line_look(0), "linestyle": "", "markerfacecolor": "none"}
    axes.plot(values, [row] * len(values), label="fold", **look)
    below = row + 0.22  # so that no fold hides behind the mean
    axes.errorbar([100 * mean.value], [below], xerr=_reach([mean]), fmt="D", color="black", label="mean", **_CAP)
