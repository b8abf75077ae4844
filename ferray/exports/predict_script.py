"""Which expression pictures show, by the `model.onnx` beside this file.

    python predict.py FACE.png ...

needs onnxruntime and Pillow, and numpy, which comes with onnxruntime: `pip install onnxruntime pillow`. A picture is to
be one face. Prints csv: the file, the class, and a probability for each class; exit code 1 where a file was no picture.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

HERE = Path(__file__).resolve().parent
BATCH, BATCH_BYTES = 64, 256 * 2**20  # pictures, and what they take, that are asked about at a time
MOST_PIXELS = 64_000_000  # of a picture


class Model:
    """The network: `model.probabilities([picture, ...])`, pictures being uint8 RGB (H, W, 3) of any size.

    `classes` are in the order of the columns; `logits` are what the softmax is taken of.
    """

    def __init__(self, file: str | Path = HERE / "model.onnx") -> None:
        self.session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        self.classes: list[str] = json.loads(self.session.get_modelmeta().custom_metadata_map["classes"])

    def logits(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """(N, C) float32."""
        return self._run("logits", pictures)

    def probabilities(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """(N, C) float32."""
        return self._run("probabilities", pictures)

    def _run(self, output: str, pictures: Sequence[np.ndarray]) -> np.ndarray:
        if not len(pictures):
            return np.empty((0, len(self.classes)), dtype=np.float32)
        inputs: dict[str, Any] = {
            given.name: np.stack([make_square(picture, given.shape[1]) for picture in pictures])
            for given in self.session.get_inputs()
        }
        return np.asarray(self.session.run([output], inputs)[0])


def read_picture(path: str | Path) -> np.ndarray:
    """A file as uint8 RGB (H, W, 3): turned as its EXIF says, transparency laid over black, 16 bits cut to 8."""
    with Image.open(path) as image:
        if image.width * image.height > MOST_PIXELS:
            raise ValueError(f"it has over {MOST_PIXELS:,} pixels")
        image.load()
        turned = ImageOps.exif_transpose(image)
    if turned.mode.startswith("I"):
        grey = (np.asarray(turned) >> 8).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if turned.has_transparency_data:
        clear = turned.convert("RGBA")
        turned = Image.alpha_composite(Image.new("RGBA", clear.size, (0, 0, 0, 255)), clear)
    return np.asarray(turned.convert("RGB"))


def make_square(picture: np.ndarray, size: int) -> np.ndarray:
    """The whole picture as (size, size, 3), as in training: averaged where both sides shrink, else interpolated."""
    height, width = picture.shape[:2]
    if (height, width) == (size, size):
        return picture
    return average(picture, size) if min(height, width) >= size else interpolate(picture, size)


def average(picture: np.ndarray, size: int) -> np.ndarray:
    """Each new pixel is the mean of the area that it covers (INTER_AREA of OpenCV)."""
    rows, columns = (_shares(length, size) for length in picture.shape[:2])
    mean = np.einsum("yh,hwc,xw->yxc", rows, picture.astype(np.float64), columns, optimize=True)
    return np.asarray(np.floor(mean + 0.5), dtype=np.uint8)


def interpolate(picture: np.ndarray, size: int) -> np.ndarray:
    """Each new pixel lies between its four nearest (INTER_LINEAR of OpenCV, whose whole numbers these are)."""
    height, width = picture.shape[:2]
    first, second, near, far = _neighbours(width, size, at_edges=True)
    columns = picture[:, first].astype(np.int64) * near[:, None] + picture[:, second] * far[:, None]
    first, second, near, far = _neighbours(height, size, at_edges=False)
    upper = near[:, None, None] * (columns[first] >> 4) >> 16
    lower = far[:, None, None] * (columns[second] >> 4) >> 16
    return np.asarray((upper + lower + 2) >> 2, dtype=np.uint8)


def _shares(length: int, size: int) -> np.ndarray:
    """(size, length): the part of each new pixel that each old one fills."""
    edges, old = np.arange(size + 1) * (length / size), np.arange(length)
    overlap = np.minimum(edges[1:, None], old + 1) - np.maximum(edges[:-1, None], old)
    return np.asarray(np.clip(overlap, 0, 1) * (size / length))


def _neighbours(length: int, size: int, *, at_edges: bool) -> tuple[np.ndarray, ...]:
    """The two old pixels beside each new one, and their shares in 2048ths; `at_edges`: the outermost stands alone."""
    place = ((np.arange(size) + 0.5) * (length / size) - 0.5).astype(np.float32)
    first = np.floor(place).astype(np.int64)
    share = (place - first).astype(np.float32)
    if at_edges:
        share[(first < 0) | (first >= length - 1)] = 0
    near, far = (np.rint(part * np.float32(2048)).astype(np.int64) for part in (np.float32(1) - share, share))
    return np.clip(first, 0, length - 1), np.clip(first + 1, 0, length - 1), near, far


def batches(paths: Sequence[str], unread: list[str]) -> Iterator[tuple[list[str], list[np.ndarray]]]:
    """Names and pictures, so many at a time; files that are no pictures are said, and put down as `unread`."""
    names: list[str] = []
    pictures: list[np.ndarray] = []
    for path in paths:
        try:
            pictures.append(read_picture(path))
            names.append(path)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:  # of damaged files
            print(f"{visible(path)}: is no picture that can be read: {visible(str(error))}", file=sys.stderr)
            unread.append(path)
        if len(pictures) >= BATCH or sum(picture.nbytes for picture in pictures) >= BATCH_BYTES:
            yield names, pictures
            names, pictures = [], []
    yield names, pictures


def visible(text: str) -> str:
    """What others have called a file, with its control characters written out: none reaches the terminal."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def cell(text: str) -> str:
    """The same for a table, where a spreadsheet would compute what begins as a formula does."""
    return "'" * text.startswith(("=", "+", "-", "@")) + visible(text)


def main(paths: Sequence[str]) -> int:
    """Answer files, batch by batch; the exit code."""
    if not paths:
        print(visible("usage: python predict.py FACE.png ..."), file=sys.stderr)
        return 2
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of files need not be text
            stream.reconfigure(errors="backslashreplace")
    model, table = Model(), csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["file", "prediction", *model.classes])
    unread: list[str] = []
    for names, pictures in batches(paths, unread):
        for name, row in zip(names, model.probabilities(pictures), strict=True):
            table.writerow([cell(name), model.classes[int(row.argmax())], *(f"{value:.6f}" for value in row)])
    return 1 if unread else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
