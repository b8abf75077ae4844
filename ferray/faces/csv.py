"""`csv`: boxes corrected or drawn by hand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ferray import registry
from ferray.errors import BadSampleError, ConfigError
from ferray.faces import Detection, FaceFinder
from ferray.faces._boxes import read_boxes, unknown_sources


class Boxes(FaceFinder):
    """Read the faces from a csv such as `faces.csv`; a picture without a row or a box counts as missed."""

    class Params(registry.Params):
        boxes: str = ""
        """Path of the csv."""

    params: Params

    def check(self, names: Sequence[str]) -> None:
        if not self.params.boxes:
            raise ConfigError("faces by `csv` need a file of boxes", "pass `--boxes faces.csv`")
        error = unknown_sources(Path(self.params.boxes), list(self._faces), names)
        if error:
            raise error

    def find(self, image_HWC: NDArray[np.uint8], name: str) -> list[Detection]:
        face = self._faces.get(name)
        if face is None:
            return []
        height, width = image_HWC.shape[:2]
        is_inside = face.x < width and face.y < height and face.x + face.width > 0 and face.y + face.height > 0
        if not is_inside or max(face.width, face.height) > 2 * max(width, height):
            reason = f"has `{width}` x `{height}` pixels, its box is not in them"
            raise BadSampleError.of(f"image `{name}`", "wrong box", reason)
        return [face]

    def identity(self, name: str) -> str:
        return f"{self._called} {self.version} {self._faces.get(name)}"

    @cached_property
    def _faces(self) -> dict[str, Detection | None]:
        return read_boxes(Path(self.params.boxes))
