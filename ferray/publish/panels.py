"""The panels of a sweep's saved view and report, each there only where some run has all the keys that it names."""

from __future__ import annotations

from typing import Any

import wandb_workspaces.reports.v2 as reports

from ferray.publish import contents
from ferray.publish.contents import SweepContents
from ferray.publish.run_keys import CONFUSION, REMOVED
from ferray.reports.axes import Axis
from ferray.stats.ranking import sign
from ferray.track.wandb_runs.payload import EPOCH, SCORE, param_key

MOST_PARAMS = 12  # axes that can still be read, and plots of one parameter each
GRID = 24  # columns of a report's grid
TABLE_HEIGHT = 12
CURVES = ("val/loss", "train/loss", "val/accuracy", "lr")  # below the objective's own

Panel = Any  # wandb-workspaces has no types that hold for all of them


def axes(shown: SweepContents) -> list[Axis]:
    """The parameters that differ, those that matter most first where that is known, at most MOST_PARAMS."""
    importance = shown.tables.get(contents.IMPORTANCE)
    places = {str(row[0]): place for place, row in enumerate(importance.rows)} if importance else {}
    known = [axis for axis in shown.page.axes if param_key(axis.name) in shown.keys.config]
    return sorted(known, key=lambda axis: places.get(axis.name, len(places)))[:MOST_PARAMS]


def table(key: str) -> Panel:
    """A table of the sweep's own run, or one of each trial's."""
    return reports.WeavePanelSummaryTable(table_name=key, layout=reports.Layout(w=GRID, h=TABLE_HEIGHT))


def text(markdown: str, *, height: int = 6) -> Panel:
    """Words among panels."""
    return reports.MarkdownPanel(markdown=markdown, layout=reports.Layout(w=GRID, h=height))


def leaderboard_panels(shown: SweepContents) -> list[Panel]:
    """The whole ranking, what was confirmed, and what the test split said."""
    keys = (contents.LEADERBOARD, contents.CONFIRMATION, contents.PAIRS, contents.TEST)
    return [table(key) for key in keys if key in shown.tables]


def search_panels(shown: SweepContents) -> list[Panel]:
    """What was searched against the score: parallel coordinates, importance, and a scatter each parameter."""
    found = axes(shown)
    if SCORE not in shown.keys.summary or not found:
        return []
    columns = [*map(_column, found), _score_column(shown)]
    layout = reports.Layout(w=GRID, h=TABLE_HEIGHT)
    why_not = f"The importance of parameters is not told: {shown.page.importances.why_not}."
    importance = table(contents.IMPORTANCE) if contents.IMPORTANCE in shown.tables else text(why_not, height=3)
    return [
        reports.ParallelCoordinatesPlot(
            title=f"{shown.board.metric} of complete trials", columns=columns, layout=layout
        ),
        importance,
        reports.ParameterImportancePlot(with_respect_to=SCORE),
        *(_scatter(axis, shown.board.metric) for axis in found if axis.scale != "names"),
    ]


def _column(axis: Axis) -> Any:
    metric = reports.Config(param_key(axis.name))
    return reports.ParallelCoordinatesPlotColumn(metric=metric, display_name=axis.short, log=axis.scale == "log")


def _score_column(shown: SweepContents) -> Any:
    metric, is_less_better = reports.SummaryMetric(SCORE), sign(shown.board.mode) < 0
    return reports.ParallelCoordinatesPlotColumn(
        metric=metric, display_name=shown.board.metric, inverted=is_less_better
    )


def _scatter(axis: Axis, metric: str) -> Panel:
    x, y = reports.Config(param_key(axis.name)), reports.SummaryMetric(SCORE)
    return reports.ScatterPlot(title=f"{metric} against {axis.short}", x=x, y=y, log_x=axis.scale == "log")


def curve_panels(shown: SweepContents) -> list[Panel]:
    """The objective and its companions, epoch by epoch."""
    names = dict.fromkeys([shown.board.metric, *CURVES])
    return [_curve(name) for name in names if name in shown.keys.history]


def removed_panels(shown: SweepContents) -> list[Panel]:
    """What outlier removal dropped, and when."""
    if REMOVED not in shown.keys.summary:
        return []
    curves = [_curve(name) for name in ("outliers/num_removed", "outliers/variance") if name in shown.keys.history]
    return [table(REMOVED), *curves]


def _curve(name: str) -> Panel:
    return reports.LinePlot(title=name, x=EPOCH, y=[name])


def confusion_panels(shown: SweepContents) -> list[Panel]:
    """The confusion matrix, of the epoch that counts, of each run that is looked at."""
    if CONFUSION not in shown.keys.summary:
        return []
    fields = {name: name for name in ("Actual", "Predicted", "nPredictions")}
    return [_chart("wandb/confusion_matrix/v1", CONFUSION, fields, "validation, at the epoch that counts")]


def failure_panels(shown: SweepContents) -> list[Panel]:
    """Those trials that came to nothing, with the reason, and how trials ended as the sweep went on."""
    panels = [table(contents.FAILURES)] if contents.FAILURES in shown.tables else []
    if contents.OUTCOMES in shown.tables:
        panels.append(_chart(contents.LINES, contents.OVER_TIME_TABLE, contents.LINE_FIELDS, contents.OVER_TIME_TITLE))
    return panels


def _chart(name: str, key: str, fields: dict[str, str], title: str) -> Panel:
    """One of W&B's own charts over a table, as `wandb.plot_table` would have it."""
    query = {"summaryTable": {"tableKey": key}, "_defaultColorIndex": None}
    return reports.CustomChart(query=query, chart_name=name, chart_fields=fields, chart_strings={"title": title})
