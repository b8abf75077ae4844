"""What outlier removal did: variance of the errors, their histograms, how many of which class, and the pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ferray.results.figures.album import Album
from ferray.results.figures.measures import Measure, measure_of
from ferray.results.figures.removed import Picture, draw_removed
from ferray.results.figures.style import (
    AXES_IN,
    COLOURS,
    HEIGHT_IN,
    NAME_IN,
    WIDTH_IN,
    bar_look,
    begin_at_zero,
    entitle,
    entitle_panel,
    joined,
    label_side,
    legend_below,
    line_look,
    name_rows,
    num_ticks,
    rows_height_in,
    whole_numbers,
)
from ferray.results.removals import Look, Removals

MOST_PANELS = 8
PANEL_IN = 1.9  # the height of one of several


def draw_outliers(album: Album, removals: Removals, pictures: Sequence[Picture], title: str) -> None:
    """Draw `outliers_variance`, `outliers_errors`, `outliers_classes` and `outliers_removed`.

    What has nothing to show is left out: the last three where no sample was removed, the last where no picture is
    given. `title` names the sweep. Pictures are shown in their order, 42 at most.
    """
    subject = f"{title}, trial {removals.trial} ({removals.rule})"
    if any(math.isfinite(look.report.variance) for look in removals.looks):
        draw = partial(_variance, removals=removals, subject=subject)
        album.add("outliers_variance", draw, height_in=HEIGHT_IN + 0.5)
    if removals.rounds:
        _draw_histograms(album, removals, subject)
        height_in = rows_height_in(len(removals.classes), 1)
        album.add("outliers_classes", partial(_classes, removals=removals, subject=subject), height_in=height_in)
    if pictures:
        draw_removed(album, pictures, removals, subject)


def _measure(removals: Removals) -> Measure:
    return measure_of(removals.rule, removals.params)


def _variance(figure: Figure, removals: Removals, subject: str) -> None:
    """Above the variance by epoch, below how many samples went, where any did."""
    ratios = [3, 1] if removals.rounds else [1]
    axes, *below = figure.subplots(len(ratios), 1, sharex=True, squeeze=False, height_ratios=ratios).ravel()
    folds = sorted({look.fold for look in removals.looks})
    for fold in folds:
        looks = [look for look in removals.looks if look.fold == fold]
        name = f"fold {fold}" if len(folds) > 1 else "variance"
        axes.plot(*_points(looks), label=name, **line_look(fold))
    for key in ("start_variance", "halt_variance"):
        _threshold(axes, removals, key)
    label_side(axes, 1.6, _measure(removals).variance)
    begin_at_zero(axes)
    for panel in below:
        _removed_by_epoch(panel, removals)
    bottom = below[0] if below else axes
    bottom.set_xlabel("epoch")
    whole_numbers(bottom.xaxis, num_ticks(removals.looks[-1].epoch, AXES_IN))
    entitle(figure, f"{subject}: variance of the errors of the training samples by epoch", _num_train(removals))
    legend_below(figure, axes)


def _removed_by_epoch(axes: Axes, removals: Removals) -> None:
    counts = {look.epoch: len(look.report.removed) for look in removals.rounds}
    axes.vlines(list(counts), 0, list(counts.values()), color=COLOURS[1], linewidth=2)
    axes.set_ylim(0, 1.2 * max(counts.values()))
    axes.set_ylabel(removals.act)
    whole_numbers(axes.yaxis, 2)


def _points(looks: Sequence[Look]) -> tuple[list[int], list[float]]:
    return [look.epoch for look in looks], [look.report.variance for look in looks]


def _threshold(axes: Axes, removals: Removals, key: str) -> None:
    """A level that the rule compares the variance with, where it does."""
    level = removals.params.get(key)
    is_used = key != "start_variance" or removals.params.get("start") == "variance"
    if isinstance(level, float) and level > 0 and is_used:
        axes.axhline(level, color="0.4", linestyle="--", linewidth=0.9, label=f"{key} {level:g}")


def _num_train(removals: Removals) -> str:
    counts = sorted(set(removals.num_train.values()))
    if len(counts) == 1:
        return f"n = {counts[0]:,} training samples"
    return f"n = {counts[0]:,} to {counts[-1]:,} training samples a fold"


def _draw_histograms(album: Album, removals: Removals, subject: str) -> None:
    rounds = removals.rounds[:MOST_PANELS]
    columns = min(2, len(rounds))
    rows = math.ceil(len(rounds) / columns)
    left_out = len(removals.rounds) - len(rounds)
    note = f"the first {len(rounds)} of {len(removals.rounds)} rounds" if left_out else ""

    def draw(figure: Figure) -> None:
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, look in zip(panels, rounds, strict=False):
            _histogram(axes, look, removals, WIDTH_IN / columns - 0.6)
        for axes in panels[len(rounds) :]:
            axes.set_axis_off()
        name = _measure(removals).name
        entitle(figure, f"{subject}: {name} of the training samples before and after each removal", note)
        legend_below(figure, panels[0])

    album.add("outliers_errors", draw, height_in=HEIGHT_IN if rows == 1 else PANEL_IN * rows)


def _histogram(axes: Axes, look: Look, removals: Removals, width_in: float) -> None:
    report, edges = look.report, look.report.bin_edges
    axes.stairs(report.histogram_after, edges, fill=True, color=COLOURS[5], label="after")
    axes.stairs(report.histogram, edges, color=COLOURS[1], linestyle="--", linewidth=1.2, label="before")
    axes.set_ylim(bottom=0)
    axes.set_yscale("function", functions=(_root, np.square))  # what goes is few beside what stays
    whole_numbers(axes.yaxis, 5)
    axes.set_xlabel(_measure(removals).label)
    label_side(axes, PANEL_IN - 0.7, "samples (square-root scale)")
    fold = f"fold {look.fold}, " if len(removals.num_train) > 1 else ""
    before = f"n = {report.num_before:,} before, {report.num_kept:,} after"
    entitle_panel(axes, width_in, f"{fold}epoch {look.epoch}: {before}")


def _root(values: NDArray[np.float64]) -> NDArray[np.float64]:
    roots: NDArray[np.float64] = np.sqrt(np.maximum(values, 0))
    return roots


def _classes(figure: Figure, removals: Removals, subject: str) -> None:
    axes: Axes = figure.subplots()
    rows = np.arange(len(removals.classes))
    left = np.zeros(len(rows))
    kinds = {True: ("label known to be wrong", 1), False: ("label known to be right", 0), None: (removals.act, 2)}
    for truth, (name, look) in kinds.items():
        of_kind = [gone.sample.label for gone in removals.removed if gone.sample.truly_mislabelled is truth]
        if of_kind:
            counts = np.bincount(of_kind, minlength=len(rows))
            bars = axes.barh(rows, counts, left=left, height=0.7, label=name, **bar_look(look))
            left += counts
    axes.bar_label(bars, [f"{total:,}" for total in removals.removed_by_class], fontsize=6.5, padding=2)
    name_rows(axes, removals.classes, "label")
    axes.margins(x=0.1)
    axes.set_xlabel(f"{removals.act} samples")
    whole_numbers(axes.xaxis, num_ticks(max(removals.removed_by_class), AXES_IN - NAME_IN))
    removed = f"{len(removals.removed):,} {removals.act}"
    entitle(figure, f"{subject}: {removals.act} training samples by class", joined([removed, _num_train(removals)]))
    legend_below(figure, axes)
