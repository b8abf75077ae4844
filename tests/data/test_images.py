from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ferray.data.images import read_original, read_rgb, resize
from ferray.errors import DataError

RED = np.full((6, 4, 3), (255, 0, 0), dtype=np.uint8)


def save(path: Path, pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> Path:
    path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())
    return path


def test_colours_come_as_rgb(tmp_path: Path) -> None:
    path = save(tmp_path / "red.png", RED[..., ::-1])
    assert read_rgb(path)[0, 0].tolist() == [255, 0, 0]


def test_grey_becomes_three_equal_channels(tmp_path: Path) -> None:
    path = save(tmp_path / "grey.png", np.full((5, 5), 77, dtype=np.uint8))
    assert read_rgb(path)[2, 3].tolist() == [77, 77, 77]


def test_shrinking_averages() -> None:
    # Each 2x2 block holds 0, 100, 100, 200: its mean is 100.
    block = np.array([[0, 100], [100, 200]], dtype=np.uint8)
    image = np.repeat(np.tile(block, (4, 4))[..., None], 3, axis=2)
    assert (resize(image, 4) == 100).all()


def test_an_image_of_the_right_size_is_left_alone() -> None:
    image = np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    assert np.array_equal(resize(image, 9), image)


def test_an_oblong_image_becomes_square(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 256, (6, 4, 3), dtype=np.uint8)
    assert resize(read_original(save(tmp_path / "some.png", image)), 12).shape == (12, 12, 3)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.png` cannot be read: No such file"):
        read_original(tmp_path / "gone.png")
