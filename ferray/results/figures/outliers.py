"""Pictures of what outlier removal did: variance of the errors, their histograms, what went, and of which class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ferray.events import OutlierReport
from ferray.results.figures.style import COLOURS, HEIGHT_IN, WIDTH_IN, bar_look, legend_below, line_look, write_figure
from ferray.results.removals import Gone, Look, Removals

MOST_PANELS = 8
MOST_PICTURES = 49  # on a page
SHEET_COLUMNS = 7
CELL_IN = WIDTH_IN / SHEET_COLUMNS
WRONG, RIGHT, UNKNOWN = COLOURS[1], COLOURS[0], "0.6"


@dataclass(frozen=True)
class Picture:
    """A removed sample with its image (H, W, 3) uint8 RGB."""

    gone: Gone
    image: NDArray[np.uint8]


def draw_outliers(folder: Path, removals: Removals, pictures: Sequence[Picture], title: str) -> list[Path]:
    """Write `outliers_variance`, `outliers_errors`, `outliers_classes` and `outliers_removed`, each as PNG and SVG.

    What has nothing to show is left out: the last three where no sample went, the last where no picture is given.
    `title` names the sweep. Pictures are shown in their order, 49 at most.
    """
    subject = f"{title}, trial {removals.trial} ({removals.rule})"
    written: list[Path] = []
    if any(math.isfinite(look.report.variance) for look in removals.looks):
        written += write_figure(folder, "outliers_variance", partial(_variance, removals=removals, subject=subject))
    if removals.rounds:
        written += _histograms(folder, removals, subject)
        written += write_figure(folder, "outliers_classes", partial(_classes, removals=removals, subject=subject))
    if pictures:
        written += _contact_sheet(folder, pictures, removals, subject)
    return written


def error_name(removals: Removals) -> tuple[str, str]:
    """What the rule's error is called, and its unit ("" for a pure number)."""
    if removals.rule == "aum":
        return "minus the mean margin", "logits"
    measure = {"gmm_loss": "minmax_ce"}.get(removals.rule, str(removals.params.get("error", "ce")))
    names = {"one_minus_p": "1 − probability of the label", "minmax_ce": "cross-entropy scaled to [0, 1]"}
    return (names[measure], "") if measure in names else ("cross-entropy", "nats")


def _variance(figure: Figure, removals: Removals, subject: str) -> None:
    axes: Axes = figure.add_subplot()
    folds = sorted({look.fold for look in removals.looks})
    for fold in folds:
        looks = [look for look in removals.looks if look.fold == fold]
        name = f"fold {fold}" if len(folds) > 1 else "variance"
        axes.plot(*_points(looks), label=name, **line_look(fold))
    for look in removals.rounds:
        axes.axvline(look.epoch, color="0.4", linestyle=":", linewidth=0.9)
        axes.annotate(
            f" −{len(look.report.removed)}", (look.epoch, 1), xycoords=("data", "axes fraction"), va="top", fontsize=7
        )
    for key in ("start_variance", "halt_variance"):
        _threshold(axes, removals, key)
    name, unit = error_name(removals)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel(f"variance of the {name}{f' ({unit}²)' if unit else ''}")
    axes.set_ylim(bottom=0)
    dotted = "; dotted: after these epochs samples went" if removals.rounds else ""
    axes.set_title(f"{subject}: {_num_train(removals)}{dotted}")
    legend_below(axes)


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
    return f"n = {counts[0]} training samples" if len(counts) == 1 else f"n = {counts[0]} to {counts[-1]} a fold"


def _histograms(folder: Path, removals: Removals, subject: str) -> list[Path]:
    rounds = removals.rounds[:MOST_PANELS]
    columns = min(2, len(rounds))
    height = HEIGHT_IN * (1 if columns == 1 else 0.75 * math.ceil(len(rounds) / 2))
    left_out = len(removals.rounds) - len(rounds)
    note = f"; {left_out} later rounds not shown" if left_out else ""

    def draw(figure: Figure) -> None:
        figure.suptitle(f"{subject}: errors before and after removal{note}")
        panels = figure.subplots(math.ceil(len(rounds) / columns), columns, squeeze=False).ravel()
        for axes, look in zip(panels, rounds, strict=False):
            _histogram(axes, look, removals)
        for axes in panels[len(rounds) :]:
            axes.set_axis_off()
        panels[0].legend(loc="upper right")

    return write_figure(folder, "outliers_errors", draw, height_in=height)


def _histogram(axes: Axes, look: Look, removals: Removals) -> None:
    report, edges = look.report, look.report.bin_edges
    axes.stairs(report.histogram_after, edges, fill=True, color=COLOURS[5], label="after")
    axes.stairs(report.histogram, edges, color=COLOURS[1], linestyle="--", linewidth=1.2, label="before")
    name, unit = error_name(removals)
    axes.set_ylim(bottom=0)
    axes.set_yscale("function", functions=(_root, np.square))  # what goes is few beside what stays
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_xlabel(f"{name}{f' ({unit})' if unit else ''}")
    axes.set_ylabel("samples (square-root scale)")
    fold = f"fold {look.fold}, " if len(removals.num_train) > 1 else ""
    axes.set_title(f"{fold}epoch {look.epoch}: n = {_num_before(report)} before, {report.num_kept} after")


def _root(values: NDArray[np.float64]) -> NDArray[np.float64]:
    roots: NDArray[np.float64] = np.sqrt(np.maximum(values, 0))
    return roots


def _num_before(report: OutlierReport) -> int:
    return report.num_kept + len(report.removed)


def _classes(figure: Figure, removals: Removals, subject: str) -> None:
    axes: Axes = figure.add_subplot()
    labels = np.arange(len(removals.classes))
    bottom = np.zeros(len(labels))
    kinds = {True: ("label known to be wrong", 1), False: ("label known to be right", 0), None: ("removed", 2)}
    for truth, (name, look) in kinds.items():
        of_kind = [gone.sample.label for gone in removals.removed if gone.sample.truly_mislabelled is truth]
        if of_kind:
            counts = np.bincount(of_kind, minlength=len(labels))
            axes.bar(labels, counts, bottom=bottom, width=0.7, label=name, **bar_look(look))
            bottom += counts
    for label, total in zip(labels, removals.removed_by_class, strict=True):
        axes.annotate(str(total), (label, total), ha="center", va="bottom", fontsize=7)
    axes.set_xticks(labels, removals.classes, rotation=30 if len(labels) > 8 else 0)
    axes.set_ylabel("removed samples")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title(f"{subject}: {len(removals.removed)} removed, {_num_train(removals)}")
    legend_below(axes)


def _contact_sheet(folder: Path, pictures: Sequence[Picture], removals: Removals, subject: str) -> list[Path]:
    shown = pictures[:MOST_PICTURES]
    rows = math.ceil(len(shown) / SHEET_COLUMNS)
    of_all = f"{len(shown)} of the {len(removals.removed)}" if len(shown) < len(removals.removed) else f"{len(shown)}"

    def draw(figure: Figure) -> None:
        figure.suptitle(f"{subject}: {of_all} removed samples; label → prediction, loss in nats{_frames(shown)}")
        axes: Axes = figure.add_subplot()
        axes.set_axis_off()
        for place, picture in enumerate(shown):
            _cell(axes, picture, removals.classes, *divmod(place, SHEET_COLUMNS))
        axes.set_xlim(0, SHEET_COLUMNS)
        axes.set_ylim(rows * CELL_HEIGHT, 0)

    return write_figure(folder, "outliers_removed", draw, height_in=rows * CELL_HEIGHT * CELL_IN + 0.35)


CELL_HEIGHT = 1.32  # of a cell's width: a square picture and two lines below it


def _frames(pictures: Sequence[Picture]) -> str:
    if all(picture.gone.sample.truly_mislabelled is None for picture in pictures):
        return ""
    return "\nsolid frame: label known to be wrong, dashed: label known to be right"


def _cell(axes: Axes, picture: Picture, classes: Sequence[str], row: int, column: int) -> None:
    sample, top = picture.gone.sample, row * CELL_HEIGHT
    left, right, bottom = column + 0.04, column + 0.96, top + 0.92
    axes.imshow(picture.image, extent=(left, right, bottom, top), aspect="auto", interpolation="antialiased", zorder=1)
    colour = {True: WRONG, False: RIGHT, None: UNKNOWN}[sample.truly_mislabelled]
    line = {True: "-", False: "--", None: "-"}[sample.truly_mislabelled]
    corners = [left, right, right, left, left], [top, top, bottom, bottom, top]
    axes.plot(*corners, color=colour, linestyle=line, linewidth=1.5, zorder=2, solid_joinstyle="miter")
    said = f"{classes[sample.label]} → {classes[sample.predicted]}\n{sample.loss:.2f}"
    axes.text(column + 0.5, top + 0.95, said, ha="center", va="top", fontsize=5.2, linespacing=1.1)
