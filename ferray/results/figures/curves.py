"""Loss, accuracy and the variance of the errors by epoch, an arm a colour, the range over its seeds shaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ferray.events import EpochReport
from ferray.results.curves import Curve, Value, curve, loss_variance, metric_value
from ferray.results.figures.style import COLOURS, entitle, layered_look, paged, shared_legend
from ferray.results.groups import Group

Histories = Mapping[str, Sequence[Sequence[EpochReport]]]  # by the group's name, one a trial
MOST_ARMS = 4  # with two lines each, more cannot be told apart
DRAWN = {"train": {"linestyle": "--", "markerfacecolor": "white"}, "val": {"linestyle": "-"}}


def draw_curves(folder: Path, title: str, groups: Sequence[Group], histories: Histories) -> list[Path]:
    """Write `curves`: cross-entropy and accuracy of training and validation; several pages for many arms."""
    drawn = [group for group in groups if any(histories[group.name])]

    def page(figure: Figure, shown: Sequence[Group]) -> None:
        left, right = figure.subplots(1, 2)
        _lines(left, shown, histories, "loss")
        _lines(right, shown, histories, "accuracy", scale=100)
        left.set_ylabel("loss (nats)")
        left.set_ylim(bottom=0)
        right.set_ylabel("accuracy (%)")
        left.set_title("train: what the arm minimises; val: cross-entropy")
        right.set_title("train: while training; val: after each epoch")
        entitle(figure, f"{title}: loss and accuracy by epoch", f"{_whose(shown)}; {_sizes(shown, histories)}")
        shared_legend(figure, left, most_columns=len(shown))

    return paged(folder, "curves", drawn, page, most=MOST_ARMS)


def draw_variance(folder: Path, title: str, groups: Sequence[Group], histories: Histories) -> list[Path]:
    """Write `variance`, by which the start of a removal is chosen; nothing where no rule looked at the errors."""
    curves = {group.name: curve(histories[group.name], loss_variance) for group in groups}
    drawn = [group for group in groups if curves[group.name]]

    def page(figure: Figure, shown: Sequence[Group]) -> None:
        axes: Axes = figure.subplots()
        for place, group in enumerate(shown):
            _line(axes, curves[group.name], label=group.name, look=layered_look(place, len(shown)))
        axes.set_ylabel("variance of the errors (nats² if ce)")
        axes.set_ylim(bottom=0)
        alone = f", {shown[0].name}" if len(shown) == 1 else ""
        whose = f"{_whose(shown)}; {_num_train(shown, histories)}"
        entitle(figure, f"{title}{alone}: variance of the training samples' errors by epoch", whose)
        shared_legend(figure, axes)

    return paged(folder, "variance", drawn, page, most=len(COLOURS))


def _lines(axes: Axes, groups: Sequence[Group], histories: Histories, metric: str, *, scale: float = 1) -> None:
    for place, group in enumerate(groups):
        for split, changed in DRAWN.items():
            found = curve(histories[group.name], _scaled(metric_value(f"{split}/{metric}"), scale))
            _line(axes, found, label=f"{group.name}, {split}", look={**layered_look(place, len(groups)), **changed})


def _line(axes: Axes, found: Curve, *, label: str, look: dict[str, object]) -> None:
    every = max(1, len(found.epochs) // 12)
    axes.plot(found.epochs, found.mean, label=label, markevery=every, **look)  # type: ignore[arg-type]  # plot takes any
    if found.num_runs > 1:
        axes.fill_between(found.epochs, found.low, found.high, color=str(look["color"]), alpha=0.15, linewidth=0)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))  # there may be a single epoch


def _scaled(value: Value, scale: float) -> Value:
    def scaled(report: EpochReport) -> float | None:
        found = value(report)
        return None if found is None else scale * found

    return scaled


def _whose(groups: Sequence[Group]) -> str:
    runs = sorted({group.num_runs for group in groups})
    if runs == [1]:
        return "one training each"
    folds = any(trial.folds for group in groups for trial in group.trials)
    number = str(runs[0]) if len(runs) == 1 else f"{runs[0]} to {runs[-1]}"
    return f"mean and range over {number} {'trainings (seeds and folds)' if folds else 'seeds'}"


def _sizes(groups: Sequence[Group], histories: Histories) -> str:
    return f"{_num_train(groups, histories)}, {_counted(groups, histories, lambda report: report.num_val)} val images"


def _num_train(groups: Sequence[Group], histories: Histories) -> str:
    return f"n = {_counted(groups, histories, lambda report: report.num_train)} training samples"


def _counted(groups: Sequence[Group], histories: Histories, count: Callable[[EpochReport], int]) -> str:
    """The number that all histories begin with, or its range."""
    found = sorted({count(history[0]) for group in groups for history in histories[group.name] if history})
    return f"{found[0]}" if len(found) == 1 else f"{found[0]} to {found[-1]}"
