from __future__ import annotations

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from ferray.crops.journal import Record
from ferray.crops.quality import Bounds, flags, sharpness
from ferray.faces import Detection

LEVEL = ((10.0, 20.0), (40.0, 20.0))
GOOD = Detection(0, 0, 50, 60, eyes=LEVEL)
ASTRONAUT_FACE = Detection(182, 63, 87, 111)


def record(face: Detection | None, *, num_faces: int = 1, sharp: float = 100) -> Record:
    faces = (face,) * num_faces if face else ()
    return Record("a", "f", "c", 100, 100, faces, face, sharp)


def blurred_astronaut(sigma: float) -> NDArray[np.uint8]:
    return cv2.GaussianBlur(skimage.data.astronaut(), (0, 0), sigma)


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (record(GOOD), ()),
        (record(None), ("missed",)),
        (record(GOOD, num_faces=2), ("several",)),
        (record(Detection(0, 0, 60, 39)), ("small",)),
        (record(GOOD, sharp=29), ("blurred",)),
        # atan2(9, 30) is 16.7 degrees
        (record(Detection(0, 0, 50, 60, eyes=((10, 20), (40, 29)))), ("tilted",)),
        (record(Detection(0, 0, 50, 60, eyes=((10, 29), (40, 20)))), ("tilted",)),
        (record(Detection(0, 0, 9, 9), num_faces=3, sharp=1), ("several", "small", "blurred")),
        (Record("a", "f", "c", bad=("empty", "is empty")), ("bad",)),
    ],
)
def test_flags(seen: Record, told: tuple[str, ...]) -> None:
    assert flags(seen, Bounds()) == told


def test_bounds_decide() -> None:
    assert flags(record(GOOD), Bounds(small_px=51, blurred=101)) == ("small", "blurred")


def test_blur_takes_sharpness_away() -> None:
    sharp, soft = (sharpness(blurred_astronaut(sigma), ASTRONAUT_FACE) for sigma in (0.5, 2))
    assert sharp > 100 > 30 > soft


def test_sharpness_is_the_variance_of_the_laplacian() -> None:
    grey = np.random.default_rng(0).integers(0, 255, (96, 96)).astype(np.int64)
    image = np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2)
    around = np.pad(grey, 1, mode="reflect")
    laplacian = around[:-2, 1:-1] + around[2:, 1:-1] + around[1:-1, :-2] + around[1:-1, 2:] - 4 * grey
    assert sharpness(image, Detection(0, 0, 96, 96)) == pytest.approx(laplacian.var())


def test_a_box_off_the_picture_has_a_sharpness() -> None:
    assert sharpness(skimage.data.astronaut(), Detection(-50, 500, 60, 60)) >= 0
