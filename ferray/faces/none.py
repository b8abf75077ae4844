"""`none`: the whole picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ferray import registry
from ferray.faces import Detection, FaceFinder


class WholePicture(FaceFinder):
    """Look for no face: the whole picture, resized."""

    class Params(registry.Params):
        """Nothing to set."""

    exact = True

    def find(self, image_HWC: NDArray[np.uint8], name: str) -> list[Detection]:
        height, width = image_HWC.shape[:2]
        return [Detection(0, 0, width, height)]
