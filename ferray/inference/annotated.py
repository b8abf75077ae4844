"""Pictures with what a model said of their faces drawn over them, to be looked at by a person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ferray.data.lettering import font, printable, width_of
from ferray.data.png import write_png
from ferray.errors import ConfigError
from ferray.faces import Detection
from ferray.inference.answers import Answer
from ferray.inference.files import AskedFile
from ferray.inference.frames import Frame

FRAME, INK, PAPER = (213, 94, 0), (255, 255, 255), (213, 94, 0)
SMALLEST, LARGEST = 11, 48  # letters, in pixels
LEAST_SIDE = 160  # of an annotated picture: smaller ones are enlarged, so that words can be read


class AnnotatedPictures:
    """Writes a PNG for each picture, below a folder, by its path; of a video one for each frame that was looked at."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._taken: set[Path] = set()

    def refuse_overwriting(self, files: Sequence[AskedFile]) -> None:
        """ConfigError where a picture would be written into a folder of those that are asked, maybe over one."""
        asked = {file.path.parent.resolve() for file in files}
        if any(self._path(file, 0 if file.kind == "video" else None).parent.resolve() in asked for file in files):
            message = f"annotated pictures in `{self._folder}` would lie among those that are asked"
            raise ConfigError(message, "pass `--annotate` another folder, so that none of yours is written over")

    def write(self, frame: Frame, told: Sequence[tuple[Answer, str]]) -> Path:
        """The picture with its answers, each with its words; StorageError where it cannot be written."""
        path = self._unused(frame)
        write_png(path, draw_answers(frame, told))
        return path

    def _unused(self, frame: Frame) -> Path:
        number, path = 1, self._path(frame.file, frame.number)
        first = path
        while path in self._taken:
            number += 1
            path = first.with_name(f"{first.stem}-{number}.png")
        self._taken.add(path)
        return path

    def _path(self, file: AskedFile, frame: int | None) -> Path:
        below = self._folder / file.below.with_suffix("")
        return below.with_name(f"{below.name}.png") if frame is None else below / f"frame-{frame:06d}.png"


def draw_answers(frame: Frame, told: Sequence[tuple[Answer, str]]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The picture (H, W, 3) with a frame around each face and the words over it, or at the top of a whole picture."""
    height, width = frame.image.shape[:2]
    scale = max(1, -(-LEAST_SIDE // min(height, width)))
    picture = Image.fromarray(frame.image).resize((width * scale, height * scale), Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(picture)
    size = min(LARGEST, max(SMALLEST, round(min(picture.size) / 16)))
    for answer, words in told:
        _draw_one(draw, answer.box, words, scale=scale, size=size, width=picture.width)
    return np.asarray(picture, dtype=np.uint8)


def _draw_one(
    draw: ImageDraw.ImageDraw, box: Detection | None, words: str, *, scale: int, size: int, width: int
) -> None:
    left, top = (0.0, 0.0) if box is None else (box.x * scale, box.y * scale)
    if box is not None:
        corner = (left + box.width * scale, top + box.height * scale)
        draw.rectangle((left, top, *corner), outline=FRAME, width=max(1, size // 8))
    text, high = printable(words), round(size * 1.3)
    long = width_of(text, size) + size / 2
    left = max(0.0, min(left, width - long))
    above = max(0.0, top - high)
    draw.rectangle((left, above, left + long, above + high), fill=PAPER)
    draw.text((left + size / 4, above + size * 0.1), text, INK, font(size))
