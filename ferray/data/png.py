"""PNG files, written beside their place and renamed there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ferray.errors import DataError

TEMPORARY = ".tmp"


def write_png(path: Path, image_HWC: NDArray[np.uint8]) -> int:
    """Write an RGB picture beside its place and rename it there; returns its size in bytes."""
    data = cv2.imencode(".png", cv2.cvtColor(image_HWC, cv2.COLOR_RGB2BGR))[1].tobytes()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=TEMPORARY)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        raise DataError(
            f"`{path}` cannot be written: {error.strerror or error}", "free space, or pass `--to`"
        ) from error
    return len(data)
