"""Faces that a set gives as boxes in larger pictures: as a sample's source has them, and how they are cut out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ferray.data.class_names import number_in
from ferray.data.images import read_rgb, refuse_one_colour
from ferray.data.table_rows import Row
from ferray.errors import BadSampleError

_BOXED = re.compile(r"(.+)@(\d+,\d+,\d+,\d+)", re.DOTALL)
Box = tuple[int, int, int, int]  # left, top, right, bottom; the last two are outside


def face_row(picture: Row, words: Sequence[str], *, written: Sequence[str]) -> Row:
    """The row of a face in a picture, by left, top, right and bottom; flawed where those are no box.

    Its source is one for `read_face`. `written` is the box as its table has it.
    """
    box = _box_of(words)
    if box is None:
        flaw = ("wrong box", f"has the box `{' '.join(written)[:40]}`, which holds no pixel")
        return replace(picture, flaw=picture.flaw or flaw)
    source = f"{picture.source}@{','.join(map(str, box))}"
    return replace(picture, source=source, content=f"{picture.content}@{box}")


def read_face(root: Path, source: str) -> NDArray[np.uint8]:
    """The face that a source of `face_row` names, (H, W, 3) uint8 RGB; the whole picture for a path alone.

    BadSampleError for a box outside of the picture, OneColourError for a face of one colour.
    """
    boxed = _BOXED.fullmatch(source)
    path = boxed[1] if boxed else source
    what = f"image `{root / path}`"
    image = read_rgb(root / path)
    if boxed:
        left, top, right, bottom = map(int, boxed[2].split(","))
        height, width = image.shape[:2]
        image = np.ascontiguousarray(image[top:bottom, left:right])
        if not image.size:
            reason = f"has no pixel in the box `{boxed[2]}`: it is `{width}` x `{height}`"
            raise BadSampleError.of(what, "wrong box", reason)
    refuse_one_colour(image, what=what)
    return image


def _box_of(words: Sequence[str]) -> Box | None:
    """The box of left, top, right and bottom in words; None where they are no box of any pixel."""
    left, top, right, bottom = (_rounded(word) for word in words)
    if left is None or top is None or right is None or bottom is None:
        return None
    is_box = right > left and bottom > top and right > 0 and bottom > 0
    return (max(0, left), max(0, top), right, bottom) if is_box else None


def _rounded(word: str) -> int | None:
    number = number_in(word)
    if number is not None:
        return number
    try:
        return round(float(word))
    except (ValueError, OverflowError):
        return None
