"""One photograph is told from two that are merely alike."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ferray.audit.alignment import align
from ferray.audit.perceptual_hash import WHOLE, Crop
from ferray.emotions import Emotion
from ferray.synthetic.portrait import draw_portrait

Grey = NDArray[np.uint8]


def face(seed: int = 0) -> Grey:
    image: Grey = draw_portrait(Emotion.HAPPY, np.random.default_rng(seed), 48)[:, :, 1]
    return np.ascontiguousarray(image)


def test_a_picture_is_the_same_as_itself() -> None:
    assert align(face(), face(), WHOLE, is_mirrored=False).is_same


def test_another_face_is_not() -> None:
    assert not align(face(), face(1), WHOLE, is_mirrored=False).is_same


def test_a_mirrored_picture_is_the_same_where_it_is_mirrored() -> None:
    mirrored = np.ascontiguousarray(face()[:, ::-1])
    assert align(face(), mirrored, WHOLE, is_mirrored=True).is_same


def test_a_mirrored_picture_is_another_where_it_is_not() -> None:
    mirrored = np.ascontiguousarray(face()[:, ::-1])
    assert not align(face(), mirrored, WHOLE, is_mirrored=False).is_same


def test_contrast_and_brightness_do_not_matter() -> None:
    darker = (face() * 0.5 + 10).astype(np.uint8)
    assert align(face(), darker, WHOLE, is_mirrored=False).is_same


def test_what_was_cut_off_at_white_is_not_compared() -> None:
    washed_out = np.clip(face() * 1.2 + 20, 0, 255).astype(np.uint8)
    assert (washed_out == 255).mean() > 0.05
    assert align(face(), washed_out, WHOLE, is_mirrored=False).is_same


def test_a_crop_is_the_same_and_called_cropped() -> None:
    large = draw_portrait(Emotion.HAPPY, np.random.default_rng(0), 96)[:, :, 1]
    whole, part = (cv2.resize(image, (48, 48), interpolation=cv2.INTER_AREA) for image in (large, large[4:92, 4:92]))
    aligned = align(whole, part, Crop(0.92, 0.04, 0.04), is_mirrored=False)
    assert (aligned.is_same, aligned.is_cropped) == (True, True)


def test_one_part_that_differs_makes_two_pictures() -> None:
    frowning, rng = face().copy(), np.random.default_rng(5)
    frowning[28:40, 14:34] = rng.integers(0, 255, (12, 20), dtype=np.uint8)
    assert not align(face(), frowning, WHOLE, is_mirrored=False).is_same


@pytest.mark.parametrize("value", [0, 128, 255])
def test_flat_pictures_are_no_copies_for_being_flat(value: int) -> None:
    flat = np.full((48, 48), value, dtype=np.uint8)
    assert not align(flat, flat, WHOLE, is_mirrored=False).is_same


def test_noise_is_no_copy_of_other_noise() -> None:
    first, second = (np.random.default_rng(seed).integers(0, 255, (48, 48), dtype=np.uint8) for seed in (0, 1))
    assert not align(first, second, WHOLE, is_mirrored=False).is_same
