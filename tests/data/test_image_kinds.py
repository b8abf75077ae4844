"""Every way of saving a picture gives the right pixels, or is refused by name."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ferray.data.images import LONGEST_SIDE, MOST_BYTES, read_original, read_rgb, read_shape
from ferray.errors import BadSampleError, DataError

# Four corners that tell every turn and mirroring apart.
CORNERS = np.array([[[10, 20, 30], [40, 50, 60]], [[70, 80, 90], [100, 110, 120]]], dtype=np.uint8)


def noise(*shape: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def save(path: Path, image: Image.Image, **how: Any) -> Path:
    image.save(path, **how)
    return path


def png_header(width: int, height: int) -> bytes:
    """A PNG that says it is so large, with nothing behind it."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    end = b"\0\0\0\0IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
    data = b"\0\0\0\0IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data + end


def reason(path: Path) -> str:
    with pytest.raises(BadSampleError) as caught:
        read_original(path)
    assert f"`{path}`" in caught.value.message
    return caught.value.reason


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tiff", ".webp", ".ppm"])
def test_lossless_formats_give_the_pixels_that_were_saved(tmp_path: Path, suffix: str) -> None:
    path = save(tmp_path / f"x{suffix}", Image.fromarray(CORNERS), lossless=True)
    assert np.array_equal(read_rgb(path), CORNERS)


def test_a_png_called_jpg_is_read_as_what_it_is(tmp_path: Path) -> None:
    path = save(tmp_path / "x.jpg", Image.fromarray(CORNERS), format="PNG")
    assert np.array_equal(read_rgb(path), CORNERS)


def test_transparency_is_laid_over_black(tmp_path: Path) -> None:
    rgba = np.array([[[200, 100, 50, 255], [200, 100, 50, 128], [200, 100, 50, 0]]], dtype=np.uint8)
    # 200 * 128 / 255 = 100.4, 100 * 128 / 255 = 50.2, 50 * 128 / 255 = 25.1.
    assert read_rgb(save(tmp_path / "x.png", Image.fromarray(rgba))).tolist() == [
        [[200, 100, 50], [100, 50, 25], [0, 0, 0]]
    ]


def test_grey_with_transparency_is_laid_over_black(tmp_path: Path) -> None:
    grey_alpha = np.array([[[200, 255], [200, 128], [200, 0]]], dtype=np.uint8)
    path = save(tmp_path / "x.png", Image.fromarray(grey_alpha))
    assert read_rgb(path)[0].tolist() == [[200] * 3, [100] * 3, [0] * 3]


def test_the_transparent_colour_of_a_palette_is_black(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1]], dtype=np.uint8), mode=None).convert("P")
    image.putdata([0, 1])
    image.putpalette([10, 20, 30, 40, 50, 60])
    path = save(tmp_path / "x.png", image, transparency=1)
    assert read_rgb(path).tolist() == [[[10, 20, 30], [0, 0, 0]]]


def test_sixteen_bits_of_grey_are_cut_to_the_upper_eight(tmp_path: Path) -> None:
    # 0x80FF is 0x80 = 128 and a rest, 0x0100 is 1, 0x00FF is 0.
    deep = np.array([[0x80FF, 0x0100, 0x00FF, 0xFFFF]], dtype=np.uint16)
    for suffix in (".png", ".tiff"):
        assert read_rgb(save(tmp_path / f"x{suffix}", Image.fromarray(deep)))[0, :, 0].tolist() == [128, 1, 0, 255]


def test_sixteen_bits_of_colour_in_a_ppm_are_scaled(tmp_path: Path) -> None:
    # A PPM of 16 bits is its header and big-endian numbers; 0xFF00 * 255 / 65535 = 254.0, the largest is its 255.
    path = tmp_path / "x.ppm"
    path.write_bytes(b"P6 2 1 65535\n" + struct.pack(">6H", 0x80FF, 0x0200, 0xFFFF, 0, 0x4040, 0xFF00))
    assert read_rgb(path).tolist() == [[[128, 2, 255], [0, 64, 254]]]


def test_sixteen_bits_of_colour_in_a_png_are_cut_to_the_upper_eight(tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    blue_green_red = np.array([[[0xFFFF, 0x0200, 0x80FF], [0xFF00, 0x4040, 0]]], dtype=np.uint16)
    (tmp_path / "x.png").write_bytes(cv2.imencode(".png", blue_green_red)[1].tobytes())
    assert read_rgb(tmp_path / "x.png").tolist() == [[[128, 2, 255], [0, 64, 255]]]


# How the picture of each EXIF orientation has to be turned to stand upright; by the standard, not by Pillow.
UPRIGHT = {
    1: CORNERS,
    2: CORNERS[:, ::-1],
    3: CORNERS[::-1, ::-1],
    4: CORNERS[::-1],
    5: CORNERS.transpose(1, 0, 2),
    6: np.rot90(CORNERS, -1),
    7: CORNERS[::-1, ::-1].transpose(1, 0, 2),
    8: np.rot90(CORNERS, 1),
}


@pytest.mark.parametrize("orientation", list(UPRIGHT))
@pytest.mark.parametrize("suffix", [".png", ".webp", ".tiff"])
def test_exif_rotation_is_applied(tmp_path: Path, orientation: int, suffix: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(tmp_path / f"x{suffix}", Image.fromarray(CORNERS), exif=exif, lossless=True)
    assert np.array_equal(read_rgb(path), UPRIGHT[orientation])


def test_exif_rotation_of_a_jpeg_is_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    halves = np.zeros((16, 32, 3), dtype=np.uint8)
    halves[:, 16:] = 255
    upright = read_rgb(save(tmp_path / "x.jpg", Image.fromarray(halves), exif=exif))
    # A quarter turn clockwise puts the right, white half at the bottom.
    assert (upright.shape, upright[0, 0, 0], upright[-1, 0, 0]) == ((32, 16, 3), 0, 255)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".webp", ".tiff", ".ppm"])
def test_a_truncated_file_is_named(tmp_path: Path, suffix: str) -> None:
    path = save(tmp_path / f"x{suffix}", Image.fromarray(noise(40, 40, 3)))
    path.write_bytes(path.read_bytes()[:-600])
    assert reason(path) in ("is truncated or damaged", "is not a picture")


def test_one_flipped_bit_of_a_png_is_found(tmp_path: Path) -> None:
    path = save(tmp_path / "x.png", Image.fromarray(noise(40, 40, 3)))
    content = bytearray(path.read_bytes())
    content[2000] ^= 1
    path.write_bytes(content)
    assert reason(path) == "is truncated or damaged"


def test_a_text_called_png_is_not_a_picture(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_text("not a picture")
    assert reason(tmp_path / "x.png") == "is not a picture"


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.png").touch()
    assert reason(tmp_path / "x.png") == "is empty"


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 0, 0)])
def test_a_picture_of_one_colour_is_bad(tmp_path: Path, colour: tuple[int, int, int]) -> None:
    assert reason(save(tmp_path / "x.png", Image.new("RGB", (9, 9), colour))) == "has one colour"


def test_a_picture_that_is_wholly_transparent_is_bad(tmp_path: Path) -> None:
    clear = np.dstack([noise(9, 9, 3), np.zeros((9, 9), dtype=np.uint8)])
    assert reason(save(tmp_path / "x.png", Image.fromarray(clear))) == "has one colour"


def test_a_picture_of_twenty_thousand_pixels_across_is_bad(tmp_path: Path) -> None:
    path = save(tmp_path / "x.png", Image.new("L", (20_000, 2)))
    assert reason(path).startswith("has `20000` x `2` pixels, at most `16384` a side")


def test_the_longest_side_that_is_allowed_is_read(tmp_path: Path) -> None:
    assert read_shape(save(tmp_path / "x.png", Image.new("L", (LONGEST_SIDE, 2)))) == (2, LONGEST_SIDE)


def test_too_many_pixels_are_refused_by_the_header_alone(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(png_header(9_000, 9_000))
    assert reason(tmp_path / "x.png").startswith("has `9000` x `9000` pixels")


@pytest.mark.parametrize("side", [10_000, 16_000, 60_000])
def test_a_decompression_bomb_is_refused_by_the_header_alone(tmp_path: Path, side: int) -> None:
    (tmp_path / "x.png").write_bytes(png_header(side, side))
    assert reason(tmp_path / "x.png") == "is a decompression bomb of over `64000000` pixels"


def test_text_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    packed = b"zTXtComment\0\0" + zlib.compress(bytes(80 * 2**20), 9)
    chunk = struct.pack(">I", len(packed) - 4) + packed + struct.pack(">I", zlib.crc32(packed))
    out = io.BytesIO()
    Image.fromarray(CORNERS).save(out, format="PNG")
    (tmp_path / "x.png").write_bytes(out.getvalue()[:33] + chunk + out.getvalue()[33:])
    assert reason(tmp_path / "x.png") in ("is truncated or damaged", "is not a picture")


def test_a_file_of_too_many_bytes_is_not_even_read(tmp_path: Path) -> None:
    with (tmp_path / "x.png").open("wb") as stream:
        stream.truncate(MOST_BYTES + 2**20)  # a hole, no bytes on the disk
    assert reason(tmp_path / "x.png") == "is `257` MiB, at most `256` are read"


@pytest.mark.parametrize("kind", ["F", "I"])
def test_pixels_of_thirty_two_bits_are_refused_and_not_clipped(tmp_path: Path, kind: str) -> None:
    path = save(tmp_path / "x.tiff", Image.new(kind, (4, 4), 7))
    assert reason(path) == f"has pixels of a kind that is not read (`{kind}`)"


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.symlink_to("nowhere.png"), "is a link to nothing"),
        (lambda path: path.symlink_to(path), "is a link to nothing"),
        (os.mkfifo, "is not a regular file"),
    ],
    ids=["folder", "dangling", "loop", "pipe"],
)
def test_what_is_no_file_is_named_without_waiting(tmp_path: Path, make: Any, text: str) -> None:
    make(tmp_path / "x.png")
    assert reason(tmp_path / "x.png") == text


def test_a_file_that_vanished_is_not_quarantined(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: No such file") as caught:
        read_rgb(tmp_path / "x.png")
    assert not isinstance(caught.value, BadSampleError)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_not_quarantined(tmp_path: Path) -> None:
    path = save(tmp_path / "x.png", Image.fromarray(CORNERS))
    path.chmod(0)
    with pytest.raises(DataError, match="cannot be read: Permission denied") as caught:
        read_rgb(path)
    assert not isinstance(caught.value, BadSampleError)
