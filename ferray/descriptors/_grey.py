"""One brightness for each pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LUMA = np.array([299, 587, 114])  # of red, green and blue in thousandths (ITU-R BT.601)


def luminance(image_HWC: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Brightness (H, W) of a uint8 RGB image in thousandths of a grey level, whole numbers from 0 to 255,000.

    Whole, so that differences are exact and a flat area has a gradient of 0, not of rounding errors.
    """
    grey_HW: NDArray[np.float64] = (image_HWC.astype(np.int64) @ LUMA).astype(np.float64)
    return grey_HW
