"""FER-2013 as the csv of the Kaggle challenge, or unpacked into class folders."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ferray.data.csv_rows import CsvRows
from ferray.data.datasets import Dataset, DatasetParams
from ferray.data.fingerprint import FileDigest, samples_fingerprint
from ferray.data.images import read_image, resize
from ferray.data.layout import (
    PART_NAMES,
    ImageFile,
    class_images,
    emotion_label,
    files_in,
    folders_in,
    homes,
    is_emotion,
    number_samples,
)
from ferray.data.samples import Sample, SampleList
from ferray.emotions import EMOTION_NAMES, Emotion
from ferray.errors import DataError

# The csv numbers its classes in this order.
CODES = (Emotion.ANGRY, Emotion.DISGUST, Emotion.FEAR, Emotion.HAPPY, Emotion.SAD, Emotion.SURPRISE, Emotion.NEUTRAL)
USAGE_PARTS = {"training": "train", "publictest": "val", "privatetest": "test"}
CSV_NAMES = ("fer2013.csv", "icml_face_data.csv")


class Fer2013(Dataset):
    """FER-2013: 35,887 grey 48x48 faces, as a csv or as folders `train/<class>/` and `test/<class>/`.

    The csv is `fer2013.csv` or `icml_face_data.csv`, and wins over folders beside it; a sample's id is its row number.
    PublicTest is val and PrivateTest is test, in the csv and in file names that say so; folders whose file names do not
    have no official val.
    """

    class Params(DatasetParams):
        pass

    params: Params
    expected_layout = "fer2013.csv\nfer2013/fer2013.csv\nfer2013/icml_face_data.csv\nfer2013/train/<class>/*.png"
    how_to_get = (
        "FER-2013 is on Kaggle after logging in: "
        "https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-recognition-challenge/data"
    )

    def samples(self) -> SampleList:
        csv = self._csv()
        if csv is None:
            return number_samples(self._files(), self.root, classes=EMOTION_NAMES, label_of=emotion_label)
        return _csv_samples(csv, csv.relative_to(self.root).as_posix())

    def decode(self, sample: Sample, size: int) -> NDArray[np.uint8]:
        file, _, offset = sample.source.partition("@")
        if offset:
            return _decode_row(CsvRows(self.root / file), sample, offset=int(offset), size=size)
        return read_image(self.root / sample.source, size)

    def fingerprint(self, digest: FileDigest) -> str:
        csv = self._csv()
        return digest(csv) if csv else samples_fingerprint(self.samples().samples, self.root, digest)

    def _homes(self) -> list[Path]:
        names = ("fer2013", "fer-2013", "fer_2013")
        return [inner for home in homes(self.root, names)[:-1] for inner in homes(home, names)] + [self.root]

    def _csv(self) -> Path | None:
        for home in self._homes():
            files = files_in(home)
            found = [files[name] for name in CSV_NAMES if name in files]
            if found:
                return found[0]
        return None

    def _files(self) -> list[ImageFile]:
        for home in self._homes():
            folders = {folder: PART_NAMES[name] for name, folder in folders_in(home).items() if name in PART_NAMES}
            images = [file for folder, part in folders.items() for file in class_images(folder, part)]
            if any(is_emotion(file.class_name) for file in images):
                return [replace(file, part=_part_of(file)) for file in images]
        raise self.not_found()


def _part_of(file: ImageFile) -> str:
    usage = file.name.lower().partition("_")[0]
    return USAGE_PARTS.get(usage, file.part)


def _csv_samples(csv: Path, source: str) -> SampleList:
    rows = CsvRows(csv, needed=("emotion", "pixels"))
    samples = []
    for number, (offset, cells) in enumerate(rows):
        name = f"{source}:{number}"
        label, part = _label(cells["emotion"], name), _part(cells.get("usage"), name)
        samples.append(Sample(number, name, label, part, source=f"{source}@{offset}"))
    if not samples:
        raise DataError(f"`{csv}` has no rows", "copy it again")
    return SampleList(tuple(samples), EMOTION_NAMES)


def _label(code: str, name: str) -> int:
    if not code.isdigit() or int(code) >= len(CODES):
        raise DataError(f"row `{name}`: emotion `{code}` is not 0 to 6", "copy the csv again")
    return int(CODES[int(code)])


def _part(usage: str | None, name: str) -> str:
    if usage is None:
        return "all"
    if usage.lower() not in USAGE_PARTS:
        raise DataError(
            f"row `{name}`: usage `{usage}` is not Training, PublicTest or PrivateTest", "copy the csv again"
        )
    return USAGE_PARTS[usage.lower()]


def _decode_row(rows: CsvRows, sample: Sample, *, offset: int, size: int) -> NDArray[np.uint8]:
    pixels = rows.at(offset)["pixels"].split()
    side = math.isqrt(len(pixels))
    try:
        grey = np.fromiter(map(int, pixels), dtype=np.uint8, count=len(pixels))
    except (ValueError, OverflowError) as error:
        raise DataError(f"row `{sample.name}`: a pixel is not 0 to 255", "copy the csv again") from error
    if side == 0 or side * side != len(pixels):
        raise DataError(f"row `{sample.name}` has `{len(pixels)}` pixels, not a square", "copy the csv again")
    return resize(np.repeat(grey.reshape(side, side, 1), 3, axis=2), size)
