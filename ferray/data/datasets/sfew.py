"""Static Facial Expressions in the Wild: stills from films, in both layouts that are around."""

from __future__ import annotations

import re
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import field_validator

from ferray.data.datasets import Dataset, DatasetParams
from ferray.data.fingerprint import FileDigest, samples_fingerprint
from ferray.data.images import read_image, read_original, read_shape
from ferray.data.layout import (
    PREPARED,
    REPORT,
    ImageFile,
    class_images,
    emotion_label,
    folders_in,
    homes,
    images_in,
    is_emotion,
    number_samples,
    subfolders,
)
from ferray.data.samples import Sample, SampleList
from ferray.emotions import EMOTION_NAMES
from ferray.errors import BadSampleError, DataError

PARTS = ("train", "val", "test")
CUT_BY_FERRAY = ("mtcnn", "center", "csv")
# Height and width in pixels of what the authors distribute; anything else is somebody's own crop and is taken as it is.
ORIGINAL_SHAPES = {"aligned": (181, 143), "frames": (576, 720)}


class Sfew(Dataset):
    """SFEW: seven expressions on film stills; 2.0 (`Train/`, `Val/`) or the older 675 images, one folder a class.

    `faces` picks between the two kinds of pictures that 2.0 is distributed in, aligned faces (143x181) and full frames
    (720x576), of which the 675-image set has the frames alone; `mtcnn`, `center` and `csv` are the faces that
    `ferray data prepare sfew` cut out of the frames. `split: wang2020` is Wang's name for `halves`. The film that
    groups a sample is read from its name, `Movie_time_person.png`. An unlabelled `Test/` is left out.
    """

    class Params(DatasetParams):
        faces: Literal["aligned", "frames", "mtcnn", "center", "csv"] = "aligned"

        @field_validator("split", mode="before")
        @classmethod
        def _paper_name(cls, split: Any) -> Any:
            return "halves" if split == "wang2020" else split

    params: Params
    uncropped = MappingProxyType({"faces": "frames"})
    expected_layout = "SFEW/Train/<Class>/*.png\nSFEW/Train_Aligned_Faces/<Class>/*.png\nSFEW/<Class>/*.png"
    how_to_get = (
        "SFEW 2.0 is given for academic research on request to its authors: "
        "https://users.cecs.anu.edu.au/~few_group/AFEW.html"
    )

    def samples(self) -> SampleList:
        files = self._files()
        return number_samples(files, self.root, classes=EMOTION_NAMES, label_of=emotion_label, group_of=film_of)

    def decode(self, sample: Sample, size: int) -> NDArray[np.uint8]:
        return read_image(self.root / sample.source, size)

    def original(self, sample: Sample) -> NDArray[np.uint8]:
        return read_original(self.root / sample.source)

    def fingerprint(self, digest: FileDigest) -> str:
        return samples_fingerprint(self.samples().samples, self.root, digest)

    def _files(self) -> list[ImageFile]:
        if self.params.faces in CUT_BY_FERRAY:
            return self._cut_files()
        for home in homes(self.root, ("sfew", "sfew_2.0", "sfew_2", "sfew2.0", "sfew2", "sfew 2.0")):
            parts = {part: self._part_files(home, part) for part in PARTS}
            if parts["train"]:
                self._check_kind(parts["train"])
                return [file for files in parts.values() for file in files]
            one_level = _one_folder_a_class(home)
            if one_level:
                return one_level
        raise self.not_found()

    def _cut_files(self) -> list[ImageFile]:
        """The crops of `ferray data prepare`; DataError with its command where they are not there, or not all."""
        folder = self.root / f"sfew_faces_{self.params.faces}"
        if not (folder / REPORT).is_file():
            state = "are not all cut" if (folder / PREPARED).exists() else "are not there"
            boxes = " --boxes faces.csv" if self.params.faces == "csv" else ""
            command = f"ferray data prepare sfew --faces {self.params.faces}{boxes} --data-root {self.root}"
            raise DataError(f"the faces in `{folder}` {state}", f"run `{command}`")
        parts = [file for part in PARTS for file in class_images(folder / part.capitalize(), part)]
        return parts or _one_folder_a_class(folder)

    def _part_files(self, home: Path, part: str) -> list[ImageFile]:
        plain = folders_in(home).get(part, home / part)
        candidates = [plain]
        if self.params.faces == "aligned":
            inside = [folders_in(place).get(f"{part}_aligned_faces") for place in (home, plain)]
            candidates = [*filter(None, inside), plain]
        for folder in candidates:
            files = [file for file in class_images(folder, part) if not file.class_name.lower().startswith(f"{part}_")]
            if files:
                return files
        return []

    def _check_kind(self, files: list[ImageFile]) -> None:
        other = "frames" if self.params.faces == "aligned" else "aligned"
        shape = next(filter(None, map(_shape_of, files)), None)
        if shape == ORIGINAL_SHAPES[other]:
            raise DataError(
                f"`{files[0].folder.parent}` holds the {other} pictures, `faces` asks for `{self.params.faces}`",
                f"ask for them with `dataset.faces={other}`, or unpack the `{self.params.faces}` ones there",
            )


def _shape_of(file: ImageFile) -> tuple[int, int] | None:
    """Height and width; None for a bad file, which packing names."""
    try:
        return read_shape(file.path)
    except BadSampleError:
        return None


def film_of(stem: str) -> str:
    """The film in `Movie_time_person`, in lower case (`21_002320560_00000049` is from `21`); "" where none is named."""
    match = re.fullmatch(r"(?P<film>.+)_(?P<time>\d+)_(?P<person>[^_]+)", stem)
    return match["film"].lower() if match else ""


def _one_folder_a_class(home: Path) -> list[ImageFile]:
    folders = [folder for folder in subfolders(home) if is_emotion(folder.name)]
    files = [image for folder in folders for image in images_in(folder, "all")]
    return files if len({file.folder for file in files}) > 1 else []
