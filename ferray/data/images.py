"""One image file on disk to one square RGB array, whatever it was saved as."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ferray.errors import DataError


def read_image(path: Path, size: int) -> NDArray[np.uint8]:
    """The picture in `path` as (size, size, 3) uint8 RGB; DataError naming the file when there is none in it."""
    return resize(read_rgb(path), size)


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """The picture in `path` at its own size, (H, W, 3) uint8 RGB.

    Grey becomes three equal channels, transparency is dropped, 16 bits are scaled to 8, EXIF rotation is applied.
    """
    data = _read_bytes(path)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise _unreadable(path) from error
    if image is None or image.size == 0:
        raise _unreadable(path)
    rgb: NDArray[np.uint8] = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    return rgb


def resize(image_HWC: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """The whole picture as (size, size, C), averaged when it shrinks, interpolated when it grows; no crop."""
    height, width = image_HWC.shape[:2]
    if (height, width) == (size, size):
        return image_HWC
    method = cv2.INTER_AREA if min(height, width) >= size else cv2.INTER_LINEAR
    resized: NDArray[np.uint8] = cv2.resize(image_HWC, (size, size), interpolation=method)
    return resized


def _read_bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"image `{path}` cannot be read: {error.strerror or error}", "check the file and who may read it"
        ) from error
    if not data:
        raise DataError(f"image `{path}` is empty", "delete the file or copy it again")
    return data


def _unreadable(path: Path) -> DataError:
    return DataError(f"image `{path}` cannot be decoded", "delete the file or copy it again")
