"""PNG files, each whole or not there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ferray.errors import DataError
from ferray.files.atomic import write_bytes
from ferray.files.os_errors import writing
from ferray.system.late import late

if TYPE_CHECKING:
    import cv2
else:
    cv2 = late("cv2")


def write_png(path: Path, image_HWC: NDArray[np.uint8]) -> int:
    """Replace `path` by an RGB picture, making its folder where it is missing; returns its size in bytes.

    Nobody waits for the disk: a picture that a power cut takes is cut or drawn again.
    """
    data = cv2.imencode(".png", cv2.cvtColor(image_HWC, cv2.COLOR_RGB2BGR))[1].tobytes()
    with writing(path, DataError, "free space, or choose another folder"):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, data, durable=False)
    return len(data)
