"""AffectNet: manually labelled faces of the web, by the authors' csv files or in folders 0 to 7."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ferray.data.account import Account
from ferray.data.boxes import face_row, read_face
from ferray.data.class_names import ClassNames, Contempt
from ferray.data.csv_table import Cells, CsvTable
from ferray.data.datasets import DatasetParams
from ferray.data.datasets._pictures import PictureDataset
from ferray.data.files import shown
from ferray.data.fingerprint import table_fingerprint
from ferray.data.layout import HOMES, found_below, homes, own_homes
from ferray.data.line_names import line_name
from ferray.data.samples import Sample, SampleList
from ferray.data.scan import Rules, part_named, scan
from ferray.data.table_rows import Row, file_row, file_rows, list_rows
from ferray.errors import DataError

PLACES = ("", "manually_annotated_file_lists/", "manually_annotated_lists/", "annotations/", "labels/")
TABLES = {"train": "training.csv", "val": "validation.csv"}
IMAGES = ("manually_annotated_images", "manually_annotated/manually_annotated_images", "manually_annotated", "images")
# Of the authors' files, of which copies go round without a header.
COLUMNS = (
    *("subdirectory_filepath", "face_x", "face_y", "face_width", "face_height"),
    *("facial_landmarks", "expression", "valence", "arousal"),
)
PATH, LABEL, BOX = COLUMNS[0], COLUMNS[6], COLUMNS[1:5]


class Affectnet(PictureDataset):
    """AffectNet: up to 420,000 labelled faces of the web, 500 a class to validate on; seven classes or eight.

    Read are the authors' `training.csv` and `validation.csv` with `Manually_Annotated_Images/`, of which each face is
    cut out by its box, and folders such as `train/<0 to 7>/` and `val/<class>/`. Labels are 0 Neutral, 1 Happy, 2 Sad,
    3 Surprise, 4 Fear, 5 Disgust, 6 Anger, 7 Contempt; 8 to 10 (none, uncertain, no face) are left out, and counted.
    There is no official test part. The edition with a `.npy` file for each label is not read.
    """

    class Params(DatasetParams):
        contempt: Contempt = "drop"
        """Whether contempt is left out, as in AffectNet-7, or an eighth class."""
        faces: Literal["box", "whole"] = "box"
        """The face cut out by the csv's box, or the whole picture; folders hold what they hold."""

    params: Params
    expected_layout = "training.csv\nAffectNet/training.csv\nAffectNet/train/<0 to 7>/*.jpg"
    how_to_get = "AffectNet is given for research on request to its authors: http://mohammadmahoor.com/affectnet/"

    def samples(self) -> SampleList:
        for home in homes(self.root, HOMES["affectnet"]):
            tables = {part: found_below(home, *(f"{place}{name}" for place in PLACES)) for part, name in TABLES.items()}
            found = {part: path for part, path in tables.items() if path is not None}
            if "train" in found and self._is_authors(found["train"]):
                return self._by_tables(home, found)
        for home in own_homes(self.root, HOMES["affectnet"]):
            self._refuse_npy(home)
            tree = scan(home, self.root, Rules(self._is_class, part_of=_part_of, own="affectnet"))
            if tree is not None:
                rows = file_rows(tree.files, self)
                names = self._names
                return list_rows(rows, names, what=f"`{tree.home}`", account=tree.account, fixed=names.all)
        raise self.not_found()

    def original(self, sample: Sample) -> NDArray[np.uint8]:
        return read_face(self.root, sample.source)

    def fingerprint(self) -> str:
        return table_fingerprint(self.listing)

    @property
    def _names(self) -> ClassNames:
        return ClassNames("affectnet", self.params.contempt)

    def _is_class(self, name: str) -> bool:
        return ClassNames("affectnet", "keep").class_of(name) is not None

    def _is_authors(self, path: Path) -> bool:
        """Whether a `training.csv` is the set's; in the data root itself it may be anybody's."""
        is_own = {PATH, LABEL} <= set(_table(path).columns)
        if not is_own and path.parent != self.root:
            message = (
                f"`{path}` is not AffectNet's: its columns are to be `subDirectory_filePath`, `expression` and others"
            )
            raise DataError(message, "take the authors' file, or read your own table with `csv`")
        return is_own

    def _by_tables(self, home: Path, tables: dict[str, Path]) -> SampleList:
        images = found_below(home, *IMAGES)
        if images is None:
            message = f"`{tables['train']}` is there, and the pictures that it names are not"
            raise DataError(message, f"unpack them to `{home / 'Manually_Annotated_Images'}`")
        origins = {part: f"`{path.name}`" for part, path in tables.items()}
        below = images.relative_to(self.root).as_posix()
        rows = [row for part, path in tables.items() for row in self._rows(path, below, part)]
        what, names = f"`{tables['train']}`", self._names
        return list_rows(rows, names, what=what, account=Account(shown(str(home)), origins), fixed=names.all)

    def _rows(self, path: Path, images: str, part: str) -> Iterator[Row]:
        below = shown(path.relative_to(self.root).as_posix())
        for number, cells in _table(path).rows():
            if isinstance(cells, int):
                flaw = ("wrong length", f"has `{cells}` cells, the header has another number")
                yield Row(line_name(below, number), "", "", part=part, flaw=flaw)
            else:
                yield self._row(cells, images, part)

    def _row(self, cells: Cells, images: str, part: str) -> Row:
        label = cells[LABEL]
        path = f"{images}/{cells[PATH]}"
        if not self._names.class_of(label):  # left out by rule, or foreign: nobody needs its picture
            return Row(shown(path), label, path, part=part)
        row = file_row(self, path, label=label, part=part)
        if self.params.faces == "whole" or not set(BOX) <= cells.keys():
            return row
        left, top, width, height = (cells[column] for column in BOX)
        box = (left, top, _sum(left, width), _sum(top, height))
        return face_row(row, box, written=(left, top, width, height))

    def _refuse_npy(self, home: Path) -> None:
        if found_below(home, "train_set/annotations") is not None:
            message = f"`{home}` is the edition of AffectNet with a `.npy` file for each label, which is not read"
            raise DataError(
                message, "write a csv of paths and labels, and read it with `csv` and `label_order: affectnet`"
            )


def _table(path: Path) -> CsvTable:
    return CsvTable(path, names=COLUMNS)


def _part_of(name: str) -> str:
    """The part of a folder such as `train`, `train_class` or `val_set`."""
    return part_named(name) or part_named(name.lower().removesuffix("_class").removesuffix("_set"))


def _sum(start: str, length: str) -> str:
    try:
        return str(float(start) + float(length))
    except ValueError:
        return ""
