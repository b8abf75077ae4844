from __future__ import annotations

import numpy as np

from ferray.faces import Detection
from ferray.faces.none import WholePicture


def test_the_whole_picture_is_the_face() -> None:
    image = np.zeros((30, 50, 3), dtype=np.uint8)
    assert WholePicture(WholePicture.Params()).find(image, "a") == [Detection(0, 0, 50, 30)]
