from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from ferray.crops.cropper import one_thread
from ferray.data.images import read_rgb
from ferray.data.png import write_png
from ferray.errors import DataError
from ferray.files.atomic import remove_leftovers_below

IMAGE = np.random.default_rng(0).integers(0, 255, (20, 30, 3), dtype=np.uint8)


def test_a_png_keeps_every_pixel(tmp_path: Path) -> None:
    num_bytes = write_png(tmp_path / "new" / "a.png", IMAGE)
    np.testing.assert_array_equal(read_rgb(tmp_path / "new" / "a.png"), IMAGE)
    assert (tmp_path / "new" / "a.png").stat().st_size == num_bytes
    assert os.listdir(tmp_path / "new") == ["a.png"]  # noqa: PTH208


def test_a_folder_that_takes_no_writing_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        write_png(tmp_path / "file" / "a.png", IMAGE)


def test_torn_files_are_taken_away_and_pictures_left(tmp_path: Path) -> None:
    write_png(tmp_path / "Angry" / "a.png", IMAGE)
    (tmp_path / "Angry" / ".x.tmp").touch()
    remove_leftovers_below(tmp_path)
    assert [path.name for path in (tmp_path / "Angry").iterdir()] == ["a.png"]


def test_one_thread_is_for_the_time_being() -> None:
    before = cv2.getNumThreads()
    with one_thread():
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == before
