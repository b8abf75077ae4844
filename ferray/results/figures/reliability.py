"""How often answers of each confidence are right, before and after a temperature."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ferray.results.figures.album import Album
from ferray.results.figures.style import COLOURS, WIDTH_IN, entitle, entitle_panel
from ferray.stats.calibration import NUM_BINS, CalibrationEffect, Reliability


def draw_reliability(album: Album, title: str, effect: CalibrationEffect) -> None:
    """Draw `reliability`: the share of right answers in each bin of confidence, and how many images each bin has.

    Source: DeGroot and Fienberg, "The Comparison and Evaluation of Forecasters", The Statistician 32 (1983).
    """

    def draw(figure: Figure) -> None:
        panels = figure.subplots(2, 2, sharex=True, sharey="row", height_ratios=(3, 1), squeeze=False)
        parts = (("before", effect.before), (f"after, T = {effect.temperature:.2f}", effect.after))
        for column, (name, found) in enumerate(parts):
            _shares(panels[0][column], found)
            _counts(panels[1][column], found)
            low, high = found.interval
            entitle_panel(panels[0][column], WIDTH_IN / 2 - 0.4, name, f"ECE {found.error:.3f} [{low:.3f}, {high:.3f}]")
        panels[0][0].set_ylabel("share of right answers")
        panels[1][0].set_ylabel("images")
        note = f"n = {effect.n:,} validation images, 95 %; after: each by a temperature found without it"
        entitle(figure, f"{title}: reliability", note)

    album.add("reliability", draw, height_in=3.6)


def _shares(axes: Axes, found: Reliability) -> None:
    axes.plot([0, 1], [0, 1], color="black", linestyle=":", linewidth=1)
    axes.bar(
        [each.confidence for each in found.bins],
        [each.accuracy for each in found.bins],
        0.8 / NUM_BINS,
        color=COLOURS[0],
    )
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)


def _counts(axes: Axes, found: Reliability) -> None:
    axes.bar(
        [each.confidence for each in found.bins], [each.n for each in found.bins], 0.8 / NUM_BINS, color=COLOURS[5]
    )
    axes.set_xlabel("confidence")
