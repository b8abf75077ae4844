"""Pictures that show nothing, and signs in the place of a face."""

from __future__ import annotations

import numpy as np

from ferray.audit.placeholders import blank_rows, one_grey, placeholder_rows
from ferray.emotions import Emotion
from ferray.synthetic.portrait import draw_portrait


def face() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return draw_portrait(Emotion.SAD, np.random.default_rng(0), 48)[:, :, 1]


def sign() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    picture = np.full((48, 48), 250, dtype=np.uint8)
    picture[20:28, 8:40] = 30
    return picture


def haze() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(120, 123, (48, 48), dtype=np.uint8)


def test_a_haze_is_blank_and_a_face_is_not() -> None:
    assert blank_rows(np.stack([face(), haze(), np.zeros((48, 48), dtype=np.uint8)])) == [1, 2]


def test_a_sign_is_a_placeholder_and_neither_a_face_nor_a_blank_is() -> None:
    assert placeholder_rows(np.stack([face(), sign(), haze()])) == [1]


def test_one_grey_is_the_largest_share_of_five_levels() -> None:
    assert one_grey(sign()) == 1 - 8 * 32 / 48**2
