"""The pictures in a file: one in a picture, some of its frames in a video. H and W are a picture's pixels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ferray.data.files import regular_file
from ferray.data.images import LONGEST_SIDE, MOST_PIXELS, read_rgb
from ferray.errors import BadSampleError, DataError
from ferray.files.os_errors import reading
from ferray.inference.files import AskedFile
from ferray.system.environment import with_variables

USUAL_RATE = 25.0  # frames a second, of a video that does not say


@dataclass(frozen=True)
class Frame:
    """A picture, `image` (H, W, 3) uint8 RGB; of a video its number, from 0, and its second."""

    file: AskedFile
    image: NDArray[np.uint8]
    number: int | None = None
    second: float | None = None

    @property
    def name(self) -> str:
        """The file, and behind a `#` the number of the frame."""
        return self.file.name if self.number is None else f"{self.file.name}#{self.number}"


def frames_of(file: AskedFile, *, rate: float) -> Iterator[Frame]:
    """The picture, or `rate` frames of a second of a video, the first one first.

    BadSampleError where it holds none, or is damaged; DataError where the file cannot be read.
    """
    if file.kind == "picture":
        yield Frame(file, read_rgb(file.path))
        return
    with reading(file.path, DataError, "check the file and who may read it", noun="video"):
        regular_file(file.path)
    yield from _frames_of_video(file, rate)


def _frames_of_video(file: AskedFile, rate: float) -> Iterator[Frame]:
    what = f"video `{file.path}`"
    with _opened(file.path, what) as video:
        said = video.get(cv2.CAP_PROP_FPS)
        own_rate = said if 0 < said < math.inf else USUAL_RATE
        number, wanted, step = 0, 0.0, max(1.0, own_rate / rate)
        while video.grab():
            if number >= wanted:
                is_whole, image = video.retrieve()
                if not is_whole:
                    break
                wanted += step
                rgb = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)
                yield Frame(file, rgb, number, number / own_rate)
            number += 1
    if not number:
        raise BadSampleError.of(what, "damaged video", "holds no frame that can be read")


@contextmanager
def _opened(path: Path, what: str) -> Iterator[cv2.VideoCapture]:
    # OpenCV and FFmpeg write what they think of a damaged file onto stderr by themselves.
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    with with_variables({"OPENCV_FFMPEG_LOGLEVEL": "-8"}):
        video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    cv2.utils.logging.setLogLevel(level)
    try:
        if not video.isOpened():
            raise BadSampleError.of(what, "damaged video", "is not a video that OpenCV reads")
        width, height = video.get(cv2.CAP_PROP_FRAME_WIDTH), video.get(cv2.CAP_PROP_FRAME_HEIGHT)
        if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
            raise BadSampleError.of(what, "too large", f"has frames of `{width:.0f}` x `{height:.0f}` pixels")
        yield video
    finally:
        video.release()
