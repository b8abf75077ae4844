"""What light, lens and sensor make of a painted face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ferray.system.late import late

if TYPE_CHECKING:
    import cv2
else:
    cv2 = late("cv2")


def photograph(canvas_HWC: NDArray[np.uint8], generator: np.random.Generator, size: int) -> NDArray[np.uint8]:
    """The canvas as a picture of (size, size, 3): light from one side, a cast, blur, grain; one in eight is grey."""
    angle, fall = generator.uniform(0, 2 * np.pi), generator.uniform(0, 0.35)
    gain, cast = generator.uniform(0.6, 1.15), generator.normal(1, 0.05, 3)
    lift, blur = generator.uniform(0, 30), max(0.0, generator.normal(0.002, 0.006))
    grey, grain = generator.random() < 0.125, generator.uniform(2, 10)

    small = cv2.resize(canvas_HWC, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32)
    steps = np.linspace(-1, 1, size, dtype=np.float32)
    light = gain * (1 + fall * (np.cos(angle) * steps[None, :] + np.sin(angle) * steps[:, None]))
    picture = small * light[:, :, None].astype(np.float32) * cast.astype(np.float32) + np.float32(lift)
    if blur * size > 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), blur * size)
    if grey:
        picture = np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2)
    picture += np.float32(grain) * generator.standard_normal(picture.shape, dtype=np.float32)
    exposed: NDArray[np.uint8] = picture.clip(0, 255).astype(np.uint8)
    return exposed
