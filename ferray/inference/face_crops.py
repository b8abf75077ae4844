"""From pictures to what a model is shown: every face that is found in them, cut as training crops are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ferray.crops.cutting import CropSettings, cut, cut_exact
from ferray.faces import Detection, FaceFinder
from ferray.inference.frames import Frame


@dataclass(frozen=True)
class FaceCrop:
    """A face of a picture: where it is, None where the whole picture is taken for one, and the crop (H, W, 3)."""

    frame: Frame
    box: Detection | None
    crop: NDArray[np.uint8]


class FaceCutter:
    """Finds the faces of one picture after another, and cuts them; without a finder the whole picture is the face."""

    def __init__(self, finder: FaceFinder | None, settings: CropSettings) -> None:
        self._finder = finder
        self._settings = settings

    def cut(self, frame: Frame) -> list[FaceCrop]:
        """Every face from left to right, none where no face is seen; errors of the finder."""
        if self._finder is None:
            return [FaceCrop(frame, None, frame.image)]
        faces = sorted(self._finder.find(frame.image, frame.name), key=lambda face: (face.x, face.y))
        act = cut_exact if self._finder.exact else cut
        return [FaceCrop(frame, face, act(frame.image, face, self._settings)) for face in faces]
