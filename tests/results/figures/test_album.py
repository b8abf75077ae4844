from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from PIL import Image

from ferray.errors import ConfigError
from ferray.results.figures.album import Album, subject_of
from ferray.results.figures.style import WIDTH_IN, legend_below, line_look
from ferray.testing.svg import canvas_of, outside


def two_lines(figure: Figure) -> None:
    axes = figure.subplots()
    axes.plot([1, 2], [0.3, 0.4], label="a", **line_look(0))
    axes.plot([1, 2], [0.2, 0.5], label="b", **line_look(1))
    axes.set_xlabel("epoch")
    legend_below(figure, axes)


def draw(folder: Path, subject: str = "sfew, trial 3") -> Album:
    album = Album(folder, subject)
    album.add("curves", two_lines)
    return album


def pages(folder: Path, items: str) -> list[str]:
    album = Album(folder, "sfew")
    album.add_pages("page", items, lambda figure, page: figure.suptitle(page) and None, most=2)
    return [path.name for path in album.files]


def test_a_figure_is_a_png_and_an_svg(tmp_path: Path) -> None:
    png, svg = draw(tmp_path / "new").files
    assert png.read_bytes().startswith(b"\x89PNG")
    assert ElementTree.parse(svg).getroot().tag.endswith("svg")


def test_nothing_else_is_left_in_the_folder(tmp_path: Path) -> None:
    draw(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curves.png", "curves.svg"]


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_drawn_twice_is_the_same_bytes(tmp_path: Path, kind: str) -> None:
    draw(tmp_path / "a")
    draw(tmp_path / "b")
    assert (tmp_path / "a" / f"curves.{kind}").read_bytes() == (tmp_path / "b" / f"curves.{kind}").read_bytes()


def test_words_in_an_svg_are_words(tmp_path: Path) -> None:
    assert "epoch</text>" in draw(tmp_path).files[1].read_text()


def test_a_failed_drawing_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        Album(tmp_path, "sfew").add("curves", lambda figure: figure.suptitle(str(1 / 0)) and None)
    assert list(tmp_path.iterdir()) == []


def test_the_settings_of_the_process_are_left_alone(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    draw(tmp_path)
    assert dict(mpl.rcParams) == before


def test_both_files_say_what_they_show(tmp_path: Path) -> None:
    png, svg = draw(tmp_path).files
    with Image.open(png) as image:
        assert (image.info["Description"], subject_of(svg)) == ("sfew, trial 3", "sfew, trial 3")


def test_figures_of_another_subject_are_not_overwritten(tmp_path: Path) -> None:
    draw(tmp_path)
    with pytest.raises(ConfigError, match="holds figures of `sfew, trial 3`, not of `sfew, trial 4`"):
        Album(tmp_path, "sfew, trial 4")


def test_in_its_own_folder_a_renamed_sweep_replaces_its_figures(tmp_path: Path) -> None:
    draw(tmp_path / "figures")
    album = Album(tmp_path / "figures", "mine, trial 3", sweep=tmp_path)
    album.add("curves", two_lines)
    assert [path.name for path in album.replaced] == ["curves.png", "curves.svg"]


@pytest.mark.parametrize(("subject", "sweep"), [("mine, trial 4", "."), ("mine, trial 3", "elsewhere")])
def test_figures_of_another_trial_or_in_another_folder_are_not_its_own(
    tmp_path: Path, subject: str, sweep: str
) -> None:
    draw(tmp_path / "figures")
    with pytest.raises(ConfigError, match="holds figures of `sfew, trial 3`"):
        Album(tmp_path / "figures", subject, sweep=tmp_path / sweep)


def test_figures_of_the_same_subject_are_replaced_and_counted(tmp_path: Path) -> None:
    draw(tmp_path)
    assert [path.name for path in draw(tmp_path).replaced] == ["curves.png", "curves.svg"]


def test_figures_of_somebody_else_are_counted_as_replaced(tmp_path: Path) -> None:
    (tmp_path / "curves.svg").write_text("no figure of ours")
    assert [path.name for path in draw(tmp_path).replaced] == ["curves.svg"]


def test_a_chapter_is_counted_with_its_album(tmp_path: Path) -> None:
    album = Album(tmp_path, "sfew")
    album.chapter("trial-3", "sfew, trial 3").add("curves", two_lines)
    assert [path.relative_to(tmp_path).as_posix() for path in album.files] == [
        "trial-3/curves.png",
        "trial-3/curves.svg",
    ]


def test_items_are_spread_over_pages(tmp_path: Path) -> None:
    assert pages(tmp_path, "abc") == ["page.png", "page.svg", "page_2.png", "page_2.svg"]


def test_pages_of_an_earlier_set_go_away(tmp_path: Path) -> None:
    pages(tmp_path, "abcde")
    pages(tmp_path, "ab")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.png", "page.svg"]


def test_a_page_of_somebody_else_stays(tmp_path: Path) -> None:
    (tmp_path / "page_2.svg").write_text("no figure of ours")
    pages(tmp_path, "ab")
    assert (tmp_path / "page_2.svg").is_file()


def test_a_word_beyond_the_page_makes_the_page_larger(tmp_path: Path) -> None:
    album = Album(tmp_path, "sfew")
    album.add("wide", lambda figure: figure.text(0.5, 0.5, "word " * 60) and None)
    assert (outside(album.files[1]), canvas_of(album.files[1])[0] > 72 * WIDTH_IN) == ([], True)


def test_letters_that_no_font_has_are_told(tmp_path: Path) -> None:
    album = Album(tmp_path, "sfew")
    album.add("private", lambda figure: figure.suptitle("é Ж \ue123") and None)
    assert album.missing == {"\ue123"}
