from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ferray.data.contact_sheet import COLUMNS, FLAGGED, GAP, THUMB, Tile, draw_sheet, evenly, sheet_top

GREY = np.full((30, 40, 3), 77, dtype=np.uint8)
LONG = "a_film_with_a_long_name_000123_face_at_0007"
WIDE = Tile(GREY, (LONG, "W" * 80, "怒り Ж é " * 9))


def between(sheet: NDArray[np.uint8], top: int) -> NDArray[np.uint8]:
    """The columns of pixels that belong to no tile, below the title."""
    columns = np.arange(sheet.shape[1]) % (THUMB + GAP) < GAP
    return sheet[top:, columns]


def test_each_picture_has_its_place_and_flagged_ones_a_frame() -> None:
    sheet = draw_sheet([Tile(GREY, (), is_flagged=True), Tile(GREY, ())], "two")
    top = sheet_top("two")
    first, second = (sheet[top : top + THUMB, left : left + THUMB] for left in (GAP, THUMB + 2 * GAP))
    assert tuple(first[0, 0]) == FLAGGED
    assert tuple(second[0, 0]) != FLAGGED
    assert (first[THUMB // 2, THUMB // 2] == 77).all()
    assert (second[THUMB // 2, THUMB // 2] == 77).all()


def test_a_picture_that_cannot_be_shown_leaves_its_frame_empty() -> None:
    sheet = draw_sheet([Tile(None, ("gone",))], "one")
    assert (sheet[sheet_top("one") + THUMB // 2, GAP + THUMB // 2] == 255).all()


@pytest.mark.parametrize("count", [1, COLUMNS, COLUMNS + 1, 33])
def test_no_caption_reaches_into_the_next_tile(count: int) -> None:
    sheet = draw_sheet([WIDE] * count, "wide")
    assert (between(sheet, sheet_top("wide")) == 255).all()


def test_no_caption_leaves_the_sheet_below() -> None:
    assert (draw_sheet([Tile(GREY, ("gjpqy_",) * 3)], "low")[-GAP + 2 :] == 255).all()


@pytest.mark.parametrize("title", ["word " * 90, "x" * 400, "", "Ж" * 300])
def test_no_title_leaves_the_sheet_or_runs_into_the_pictures(title: str) -> None:
    sheet, top = draw_sheet([WIDE], title), sheet_top(title)
    margins = (sheet[:, -GAP:], sheet[:GAP], sheet[top - 4 : top])
    assert [bool((margin == 255).all()) for margin in margins] == [True, True, True]


def test_letters_of_other_alphabets_are_drawn() -> None:
    cyrillic, latin = (draw_sheet([Tile(None, (text,))], "") for text in ("Жж", "??"))
    assert (cyrillic != latin).any()


def test_an_even_choice_has_the_first_and_the_last() -> None:
    assert evenly(range(10), 4) == [0, 3, 6, 9]
