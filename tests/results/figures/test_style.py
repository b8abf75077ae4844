from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from ferray.results.figures.style import (
    COLOURS,
    LOOK,
    bar_look,
    begin_at_zero,
    entitle,
    layered_look,
    legend_below,
    line_look,
)


def test_series_differ_in_more_than_colour() -> None:
    looks = [(look["linestyle"], look["marker"]) for look in map(line_look, range(len(COLOURS)))]
    assert len(set(looks)) == len(COLOURS)


def test_bars_differ_in_more_than_colour() -> None:
    assert len({bar_look(index)["hatch"] for index in range(len(COLOURS))}) == len(COLOURS)


def test_long_names_take_fewer_columns() -> None:
    figure = Figure(figsize=(6.3, 3.6))
    axes = figure.subplots()
    for number in range(4):
        axes.plot([1, 2], label=f"an arm with quite a long name, number {number}")
    legend_below(figure, axes)
    assert figure.legends[0]._ncols == 2


def test_a_long_title_is_broken() -> None:
    figure = Figure(figsize=(6.3, 3.6))
    entitle(figure, "short", "word " * 30)
    assert len(str(figure.get_suptitle()).splitlines()) == 3


def test_one_series_needs_no_legend() -> None:
    figure = Figure()
    axes = figure.subplots()
    axes.plot([1, 2], label="alone")
    legend_below(figure, axes)
    assert figure.legends == []


def test_equal_curves_show_each_other() -> None:
    widths = [layered_look(index, 3)["linewidth"] for index in range(3)]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == 1.4


def test_a_title_makes_room_for_itself() -> None:
    figure = Figure(figsize=(6.3, 3.0))
    entitle(figure, "short", "word " * 30)
    assert figure.get_figheight() > 3.4


def test_a_name_that_is_no_formula_is_left_alone() -> None:
    assert LOOK["text.parse_math"] is False


def test_the_highest_point_of_a_curve_from_zero_is_not_cut() -> None:
    axes = Figure().subplots()
    axes.plot([1, 2], [2.06, 1.74])
    begin_at_zero(axes)
    assert axes.get_ylim() == pytest.approx((0, 1.05 * 2.06))


def test_a_curve_that_is_zero_throughout_has_an_axis_from_zero() -> None:
    axes = Figure().subplots()
    axes.plot([1, 2], [0, 0])
    begin_at_zero(axes)
    low, high = axes.get_ylim()
    assert (low, high > 0) == (0, True)
