"""From a picture and its faces to one square crop. H, W = the picture's pixels, S = the crop's side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ferray.data.images import resize
from ferray.faces import Detection
from ferray.registry import Params

Image = NDArray[np.uint8]
LARGEST_SIDE = 4096  # of a crop before it is resized, in pixels


class CropSettings(Params):
    """How crops are cut."""

    size: Annotated[int, Field(ge=16, le=1024)] = 224
    """Side of a crop in pixels."""
    margin: Annotated[float, Field(ge=0, le=2)] = 0.2
    """Part of the box's longer side that is added on each side of it."""
    align: bool = True
    """Rotate so that the eyes are level, where they are known."""
    which: Literal["largest", "central", "best"] = "largest"
    """The face that is taken of several."""
    missed: Literal["keep", "drop", "center"] = "keep"
    """What becomes of a picture without a face: kept whole, dropped, or its central square taken."""


def choose(faces: Sequence[Detection], which: str, *, height: int, width: int) -> Detection | None:
    """The largest face, the one nearest to the picture's middle, or the one of best score; None of none."""

    def rank(face: Detection) -> tuple[float, ...]:
        off_centre = math.dist(face.centre, (width / 2, height / 2))
        first = {"largest": -face.area, "central": off_centre, "best": -face.score}[which]
        return first, -face.area, face.x, face.y

    return min(faces, key=rank, default=None)


def cut(image_HWC: Image, face: Detection, settings: CropSettings) -> Image:
    """The face with its margin, (S, S, 3), level where asked; black where the square reaches beyond the picture."""
    side = max(face.width, face.height) * (1 + 2 * settings.margin)
    native = max(1, min(round(side), LARGEST_SIDE))
    tilt_rad = math.radians(face.tilt_deg or 0.0) if settings.align else 0.0
    cosine, sine = native / side * math.cos(tilt_rad), native / side * math.sin(tilt_rad)
    turn = np.array([[cosine, sine], [-sine, cosine]])
    # Pixels are warped by their middles, half a pixel from the corners that boxes are measured from.
    shift = turn @ (0.5 - np.array(face.centre)) + native / 2 - 0.5
    warp = np.column_stack([turn, shift])
    square = cv2.warpAffine(image_HWC, warp, (native, native), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return resize(square, settings.size)


def cut_exact(image_HWC: Image, face: Detection, settings: CropSettings) -> Image:
    """The box as it is, no margin and no rotation, squeezed to (S, S, 3)."""
    return resize(inside(image_HWC, face), settings.size)


def cut_missed(image_HWC: Image, settings: CropSettings) -> Image | None:
    """What stands for a picture without a face: the whole of it or its central square, (S, S, 3); None to drop it."""
    if settings.missed == "drop":
        return None
    if settings.missed == "keep":
        return resize(image_HWC, settings.size)
    height, width = image_HWC.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return resize(image_HWC[top : top + side, left : left + side], settings.size)


def inside(image_HWC: Image, face: Detection) -> Image:
    """The part of the picture that the box covers, at least one pixel."""
    height, width = image_HWC.shape[:2]
    left, top = (min(max(0, round(face.x)), width - 1), min(max(0, round(face.y)), height - 1))
    right = min(max(left + 1, round(face.x + face.width)), width)
    bottom = min(max(top + 1, round(face.y + face.height)), height)
    return image_HWC[top:bottom, left:right]
