"""The script that lies in exported folders makes of pictures what ferray makes of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ferray.data.images import read_rgb, resize
from ferray.exports import predict_script
from ferray.exports.predict_script import batches, cell, make_square, read_picture, visible


@pytest.mark.parametrize(
    ("height", "width", "size"),
    [(96, 96, 48), (100, 80, 48), (48, 48, 48), (143, 181, 64), (30, 40, 48), (40, 90, 48), (20, 20, 64)],
)
def test_pictures_are_made_square_as_in_training(height: int, width: int, size: int) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    difference = np.abs(make_square(picture, size).astype(int) - resize(picture, size).astype(int))
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.001  # OpenCV's sums of float32 may round a half another way


def grey(noise: Image.Image) -> Image.Image:
    return noise.convert("L")


def palette(noise: Image.Image) -> Image.Image:
    return noise.convert("P")


def clear(noise: Image.Image) -> Image.Image:
    noise.putalpha(100)
    return noise


def deep(noise: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(noise.convert("L")).astype(np.uint16) * 256 + 7)


@pytest.mark.parametrize("made", [grey, palette, clear, deep])
def test_files_are_read_as_in_training(tmp_path: Path, made: object) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8))
    assert callable(made)
    made(noise).save(tmp_path / "a.png")
    assert np.array_equal(read_picture(tmp_path / "a.png"), read_rgb(tmp_path / "a.png"))


def test_a_turned_picture_is_turned_back(tmp_path: Path) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8))
    exif = noise.getexif()
    exif[274] = 6
    noise.save(tmp_path / "a.png", exif=exif)
    assert read_picture(tmp_path / "a.png").shape == (7, 9, 3)
    assert np.array_equal(read_picture(tmp_path / "a.png"), read_rgb(tmp_path / "a.png"))


def test_large_pictures_do_not_wait_for_a_full_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predict_script, "BATCH_BYTES", 2 * 9 * 7 * 3)
    Image.new("RGB", (9, 7)).save(tmp_path / "a.png")
    assert [len(names) for names, _ in batches([str(tmp_path / "a.png")] * 5, [])] == [2, 2, 1]


def test_a_picture_of_too_many_pixels_is_not_opened(tmp_path: Path) -> None:
    Image.new("1", (8001, 8000)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match="over 64,000,000 pixels"):
        read_picture(tmp_path / "a.png")


def test_what_a_file_is_called_neither_steers_a_terminal_nor_is_computed() -> None:
    assert visible("a\x1b[2Jb\nc\udc80 é") == "a\\x1b[2Jb\\nc\\udc80 é"
    assert [cell("=1+1.png"), cell("-a.png"), cell("a=1.png")] == ["'=1+1.png", "'-a.png", "a=1.png"]
