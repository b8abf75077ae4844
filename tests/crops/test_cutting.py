"""Crops of pictures whose every pixel is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from ferray.crops.cutting import CropSettings, choose, cut, cut_exact, cut_missed
from ferray.faces import Detection

NOISE: NDArray[np.uint8] = np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8)


def settings(**changes: object) -> CropSettings:
    return CropSettings.model_validate({"margin": 0.0, **changes})


def two_dots(eyes: tuple[tuple[float, float], tuple[float, float]]) -> NDArray[np.uint8]:
    """Two white discs of radius 6 on black, (200, 200, 3), at these points."""
    rows, columns = np.mgrid[0:200, 0:200] + 0.5
    near = [np.hypot(columns - x, rows - y) < 6 for x, y in eyes]
    return np.repeat((255 * (near[0] | near[1])).astype(np.uint8)[:, :, None], 3, axis=2)


def heights_of_dots(crop: NDArray[np.uint8]) -> tuple[float, float]:
    """The row of the centre of light in the left half and in the right half."""
    light = crop[:, :, 0].astype(float)
    half, rows = crop.shape[1] // 2, np.arange(len(crop))
    left, right = light[:, :half].sum(axis=1), light[:, half:].sum(axis=1)
    return float(rows @ left / left.sum()), float(rows @ right / right.sum())


def test_a_level_square_is_cut_pixel_for_pixel() -> None:
    crop = cut(NOISE, Detection(10, 20, 32, 32), settings(size=32))
    np.testing.assert_array_equal(crop, NOISE[20:52, 10:42])


def test_the_box_becomes_the_square_of_its_longer_side() -> None:
    crop = cut(NOISE, Detection(18, 20, 16, 32), settings(size=32))  # 8 columns more on both sides
    np.testing.assert_array_equal(crop, NOISE[20:52, 10:42])


def test_the_margin_is_a_part_of_the_side_on_each_side() -> None:
    crop = cut(NOISE, Detection(20, 20, 20, 20), settings(margin=0.25, size=30))  # 5 pixels
    np.testing.assert_array_equal(crop, NOISE[15:45, 15:45])


def test_beyond_the_picture_it_is_black() -> None:
    crop = cut(NOISE, Detection(-10, -10, 20, 20), settings(size=20))
    np.testing.assert_array_equal(crop[10:, 10:], NOISE[:10, :10])
    assert not crop[:10].any()


@pytest.mark.parametrize("tilt_deg", [-35, -10, 10, 35, 80])
def test_eyes_are_level_after_alignment(tilt_deg: float) -> None:
    along, down = 30 * math.cos(math.radians(tilt_deg)), 30 * math.sin(math.radians(tilt_deg))
    eyes = ((100 - along, 100 - down), (100 + along, 100 + down))
    crop = cut(two_dots(eyes), Detection(50, 50, 100, 100, eyes=eyes), settings(size=200))
    left, right = heights_of_dots(crop)
    assert left == pytest.approx(right, abs=0.3)
    assert left == pytest.approx(99.5, abs=0.3)


def test_without_alignment_nothing_turns() -> None:
    eyes = ((70.0, 90.0), (130.0, 110.0))
    crop = cut(two_dots(eyes), Detection(50, 50, 100, 100, eyes=eyes), settings(size=100, align=False))
    assert heights_of_dots(crop) == pytest.approx((39.5, 59.5), abs=0.5)


def test_a_box_far_larger_than_a_crop_is_cut_in_bounded_memory() -> None:
    assert cut(NOISE, Detection(-4e4, -4e4, 8e4, 8e4), settings(size=16)).shape == (16, 16, 3)


def test_an_exact_box_has_no_margin() -> None:
    crop = cut_exact(NOISE, Detection(10, 20, 32, 32), settings(margin=0.5, size=32))
    np.testing.assert_array_equal(crop, NOISE[20:52, 10:42])


FACES = (
    Detection(0, 0, 40, 40, 0.91),  # the largest
    Detection(45, 25, 10, 10, 0.92),  # nearest to the middle of 100 x 60
    Detection(80, 0, 20, 20, 0.99),
)


@pytest.mark.parametrize(("which", "number"), [("largest", 0), ("central", 1), ("best", 2)])
def test_which_face_is_taken(which: str, number: int) -> None:
    assert choose(FACES, which, height=60, width=100) == FACES[number]


def test_the_order_of_faces_does_not_matter() -> None:
    same = Detection(0, 0, 20, 20, 0.99)
    assert choose([*FACES, same], "best", height=60, width=100) == choose(
        [same, *FACES[::-1]], "best", height=60, width=100
    )


def test_of_no_face_none_is_taken() -> None:
    assert choose([], "largest", height=60, width=100) is None


def test_a_missed_picture_is_kept_whole() -> None:
    kept = cut_missed(NOISE[:60, :60], settings(size=60, missed="keep"))
    np.testing.assert_array_equal(kept, NOISE[:60, :60])


def test_a_missed_picture_is_dropped() -> None:
    assert cut_missed(NOISE, settings(missed="drop")) is None


def test_a_missed_picture_gives_its_central_square() -> None:
    central = cut_missed(NOISE, settings(size=60, missed="center"))
    np.testing.assert_array_equal(central, NOISE[:, 10:70])
