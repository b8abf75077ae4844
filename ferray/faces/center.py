"""`center`: the middle of the picture, whatever is there."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ferray import registry
from ferray.faces import Detection, FaceFinder


class CentralSquare(FaceFinder):
    """Look for no face: the central square, as large as the picture's shorter side or a fraction of it."""

    class Params(registry.Params):
        side_fraction: Annotated[float, Field(gt=0, le=1)] = 1.0
        """Side of the square over the picture's shorter side."""

    params: Params
    exact = True

    def find(self, image_HWC: NDArray[np.uint8], name: str) -> list[Detection]:
        height, width = image_HWC.shape[:2]
        side = max(1, round(self.params.side_fraction * min(height, width)))
        return [Detection((width - side) // 2, (height - side) // 2, side, side)]
