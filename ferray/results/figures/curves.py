"""Loss, accuracy and the variance of the errors by epoch, an arm a colour, the range over its seeds shaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ferray.events import EpochReport
from ferray.results.curves import Curve, Value, curve, loss_variance, metric_value
from ferray.results.figures.album import Album
from ferray.results.figures.measures import measure_of
from ferray.results.figures.style import (
    AXES_IN,
    COLOURS,
    HEIGHT_IN,
    WIDTH_IN,
    begin_at_zero,
    entitle,
    entitle_panel,
    joined,
    label_side,
    layered_look,
    legend_below,
    num_ticks,
    whole_numbers,
)
from ferray.results.groups import Group, naming

Histories = Mapping[str, Sequence[Sequence[EpochReport]]]  # by the group's name, one a trial
MOST_ARMS = 4  # with two lines each, more cannot be told apart
SPLITS = {"train": "training", "val": "validation"}
DRAWN = {"train": {"linestyle": "--", "markerfacecolor": "white"}, "val": {"linestyle": "-"}}
PANEL_IN = WIDTH_IN / 2 - 0.6


def draw_curves(album: Album, title: str, groups: Sequence[Group], histories: Histories) -> None:
    """Draw `curves`: loss and accuracy of training and validation; several pages for many arms."""
    drawn = [group for group in groups if any(histories[group.name])]

    def page(figure: Figure, shown: Sequence[Group]) -> None:
        left, right = figure.subplots(1, 2)
        _lines(left, shown, histories, "loss")
        _lines(right, shown, histories, "accuracy", scale=100)
        left.set_ylabel("loss (nats)")
        begin_at_zero(left)
        right.set_ylabel("accuracy (%)")
        entitle_panel(left, PANEL_IN, "training: the loss that is minimised;", "validation: cross-entropy")
        entitle_panel(right, PANEL_IN, "training: during the epoch;", "validation: at its end")
        notes = joined([_runs(shown), _sizes(shown, histories)])
        entitle(figure, f"{title}{naming(shown)}: loss and accuracy by epoch", notes)
        legend_below(figure, left, most_columns=2 if len(shown) > 1 else 4)

    album.add_pages("curves", drawn, page, most=MOST_ARMS)


def draw_variance(album: Album, title: str, groups: Sequence[Group], histories: Histories) -> None:
    """Draw `variance`, by which the start of a removal is chosen; nothing where no rule looked at the errors."""
    curves = {group.name: curve(histories[group.name], loss_variance) for group in groups}
    measures = {group.name: measure_of(*_rule(group)) for group in groups}
    drawn = [group for group in groups if curves[group.name]]

    def page(figure: Figure, shown: Sequence[Group]) -> None:
        axes: Axes = figure.subplots()
        common = {measures[group.name] for group in shown}
        for place, group in enumerate(shown):
            own = "" if len(common) == 1 else f": {measures[group.name].variance}"
            _line(axes, curves[group.name], AXES_IN, label=f"{group.name}{own}", look=layered_look(place, len(shown)))
        whole = "variance of the error measure of each rule"
        label_side(axes, HEIGHT_IN - 0.8, common.pop().variance if len(common) == 1 else whole)
        begin_at_zero(axes)
        notes = joined([_runs(shown), _num_train(shown, histories)])
        entitle(figure, f"{title}{naming(shown)}: variance of the errors of the training samples by epoch", notes)
        legend_below(figure, axes)

    album.add_pages("variance", drawn, page, most=len(COLOURS))


def _rule(group: Group) -> tuple[str, Mapping[str, object]]:
    rule, params = next(iter(group.trials[0].config["outliers"].items()))
    return rule, params


def _lines(axes: Axes, groups: Sequence[Group], histories: Histories, metric: str, *, scale: float = 1) -> None:
    for place, group in enumerate(groups):
        for split, changed in DRAWN.items():
            found = curve(histories[group.name], _scaled(metric_value(f"{split}/{metric}"), scale))
            name = SPLITS[split] if len(groups) == 1 else f"{group.name}, {SPLITS[split]}"
            _line(axes, found, PANEL_IN, label=name, look={**layered_look(place, len(groups)), **changed})


def _line(axes: Axes, found: Curve, width_in: float, *, label: str, look: dict[str, object]) -> None:
    every = max(1, len(found.epochs) // 12)
    axes.plot(found.epochs, found.mean, label=label, markevery=every, **look)  # type: ignore[arg-type]  # plot takes any
    if found.num_runs > 1:
        axes.fill_between(found.epochs, found.low, found.high, color=str(look["color"]), alpha=0.15, linewidth=0)
    axes.set_xlabel("epoch")
    whole_numbers(axes.xaxis, num_ticks(max(found.epochs, default=1), width_in))


def _scaled(value: Value, scale: float) -> Value:
    def scaled(report: EpochReport) -> float | None:
        found = value(report)
        return None if found is None else scale * found

    return scaled


def _runs(groups: Sequence[Group]) -> str:
    runs = sorted({group.num_runs for group in groups})
    if runs == [1]:
        return "one training" if len(groups) == 1 else "one training each"
    folds = any(trial.folds for group in groups for trial in group.trials)
    return f"mean, and range shaded, over {_range(runs)} {'trainings (seeds and folds)' if folds else 'seeds'}"


def _sizes(groups: Sequence[Group], histories: Histories) -> str:
    num_val = _counted(groups, histories, lambda report: report.num_val)
    return f"{_num_train(groups, histories)}, {num_val} validation images"


def _num_train(groups: Sequence[Group], histories: Histories) -> str:
    return f"n = {_counted(groups, histories, lambda report: report.num_train)} training samples"


def _counted(groups: Sequence[Group], histories: Histories, count: Callable[[EpochReport], int]) -> str:
    """The number that all histories begin with, or its range."""
    return _range(sorted({count(history[0]) for group in groups for history in histories[group.name] if history}))


def _range(numbers: Sequence[int]) -> str:
    return f"{numbers[0]:,}" if len(numbers) == 1 else f"{numbers[0]:,} to {numbers[-1]:,}"
