from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from ferray.results.figures.style import (
    COLOURS,
    bar_look,
    entitle,
    layered_look,
    legend_below,
    line_look,
    paged,
    shared_legend,
    write_figure,
)


def two_lines(figure: Figure) -> None:
    axes = figure.subplots()
    axes.plot([1, 2], [0.3, 0.4], label="a", **line_look(0))
    axes.plot([1, 2], [0.2, 0.5], label="b", **line_look(1))
    axes.set_xlabel("epoch")
    legend_below(axes)


def test_a_figure_is_a_png_and_an_svg(tmp_path: Path) -> None:
    png, svg = write_figure(tmp_path / "new", "curves", two_lines)
    assert png.read_bytes().startswith(b"\x89PNG")
    assert ElementTree.parse(svg).getroot().tag.endswith("svg")


def test_nothing_else_is_left_in_the_folder(tmp_path: Path) -> None:
    write_figure(tmp_path, "curves", two_lines)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curves.png", "curves.svg"]


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_drawn_twice_is_the_same_bytes(tmp_path: Path, kind: str) -> None:
    write_figure(tmp_path / "a", "curves", two_lines)
    write_figure(tmp_path / "b", "curves", two_lines)
    assert (tmp_path / "a" / f"curves.{kind}").read_bytes() == (tmp_path / "b" / f"curves.{kind}").read_bytes()


def test_words_in_an_svg_are_words(tmp_path: Path) -> None:
    _, svg = write_figure(tmp_path, "curves", two_lines)
    assert "epoch</text>" in svg.read_text()


def test_a_failed_drawing_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"Expected|Parse"):
        write_figure(tmp_path, "curves", lambda figure: figure.suptitle("$\\frac{$") and None)
    assert list(tmp_path.iterdir()) == []


def test_the_settings_of_the_process_are_left_alone(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    write_figure(tmp_path, "curves", two_lines)
    assert dict(mpl.rcParams) == before


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
    shared_legend(figure, axes)
    assert figure.legends[0]._ncols == 2


def test_a_long_title_is_broken() -> None:
    figure = Figure(figsize=(6.3, 3.6))
    entitle(figure, "short", "word " * 30)
    assert len(str(figure.get_suptitle()).splitlines()) == 3


def test_one_series_needs_no_legend() -> None:
    figure = Figure()
    axes = figure.subplots()
    axes.plot([1, 2], label="alone")
    shared_legend(figure, axes)
    assert figure.legends == []


def test_items_are_spread_over_pages(tmp_path: Path) -> None:
    files = paged(tmp_path, "page", "abc", lambda figure, items: figure.suptitle(items) and None, most=2)
    assert [path.name for path in files] == ["page.png", "page.svg", "page_2.png", "page_2.svg"]


def test_equal_curves_show_each_other() -> None:
    widths = [layered_look(index, 3)["linewidth"] for index in range(3)]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == 1.4
