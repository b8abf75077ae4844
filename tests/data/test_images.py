from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ferray.data.images import read_image, read_rgb, resize
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


def test_transparency_is_dropped(tmp_path: Path) -> None:
    path = save(tmp_path / "clear.png", np.dstack([RED[..., ::-1], np.zeros((6, 4), dtype=np.uint8)]))
    assert read_rgb(path)[0, 0].tolist() == [255, 0, 0]


def test_sixteen_bits_are_scaled_to_eight(tmp_path: Path) -> None:
    # 0x80FF / 256 = 128.99, its high byte 0x80 = 128.
    path = save(tmp_path / "deep.png", np.full((5, 5), 0x80FF, dtype=np.uint16))
    assert read_rgb(path)[0, 0].tolist() == [128, 128, 128]


def test_exif_rotation_is_applied(tmp_path: Path) -> None:
    jpeg = cv2.imencode(".jpg", np.zeros((8, 24, 3), dtype=np.uint8))[1].tobytes()
    # An APP1 segment with one tag: orientation (0x0112, a short) = 6, a quarter turn.
    tiff = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    segment = b"Exif\0\0" + tiff
    path = tmp_path / "turned.jpg"
    path.write_bytes(jpeg[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2) + segment + jpeg[2:])
    assert read_rgb(path).shape == (24, 8, 3)


def test_shrinking_averages() -> None:
    # Each 2x2 block holds 0, 100, 100, 200: its mean is 100.
    block = np.array([[0, 100], [100, 200]], dtype=np.uint8)
    image = np.repeat(np.tile(block, (4, 4))[..., None], 3, axis=2)
    assert (resize(image, 4) == 100).all()


def test_an_image_of_the_right_size_is_left_alone() -> None:
    image = np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    assert np.array_equal(resize(image, 9), image)


def test_an_oblong_image_becomes_square(tmp_path: Path) -> None:
    assert read_image(save(tmp_path / "red.png", RED), 12).shape == (12, 12, 3)


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "empty.png"
    path.touch()
    with pytest.raises(DataError, match=r"empty\.png` is empty"):
        read_image(path, 8)


def test_a_truncated_file_is_named(tmp_path: Path) -> None:
    path = save(tmp_path / "cut.png", np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8))
    path.write_bytes(path.read_bytes()[:-600])
    with pytest.raises(DataError, match=r"cut\.png` cannot be decoded"):
        read_image(path, 8)


def test_a_file_that_is_no_image_is_named(tmp_path: Path) -> None:
    path = tmp_path / "note.png"
    path.write_text("not a picture")
    with pytest.raises(DataError, match=r"note\.png` cannot be decoded"):
        read_image(path, 8)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.png` cannot be read: No such file"):
        read_image(tmp_path / "gone.png", 8)
