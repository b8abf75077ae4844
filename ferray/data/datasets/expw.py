"""Expression in-the-Wild: faces given as boxes in pictures of the web."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ferray.data.account import Account
from ferray.data.boxes import face_row, read_face
from ferray.data.class_names import ClassNames
from ferray.data.datasets import DatasetParams
from ferray.data.datasets._pictures import PictureDataset
from ferray.data.files import shown
from ferray.data.fingerprint import table_fingerprint
from ferray.data.layout import HOMES, found_below, homes
from ferray.data.line_names import line_name
from ferray.data.samples import Sample, SampleList
from ferray.data.table_rows import Row, file_row, list_rows
from ferray.data.word_lines import word_lines
from ferray.errors import DataError

LISTS = ("label/label.lst", "data/label/label.lst", "label.lst", "data/label.lst")
IMAGES = ("image/origin", "data/image/origin", "origin", "image", "images")
WORDS = "image_name face_id_in_image face_box_top left right bottom confidence expression_label".split()  # noqa: SIM905
NAMES = ClassNames("fer2013")


class Expw(PictureDataset):
    """ExpW: 91,793 faces in pictures of the web, by `label/label.lst`; labels 0 to 6 in the order of FER-2013's csv.

    Each line names a picture of `image/origin/`, one face in it by its box, which is cut out, and the label. Faces of
    one picture are a group. There are no official parts.
    """

    class Params(DatasetParams):
        pass

    params: Params
    expected_layout = "label/label.lst\nExpW/label/label.lst\nExpW/label.lst"
    how_to_get = "ExpW is given for research: http://mmlab.ie.cuhk.edu.hk/projects/socialrelation/index.html"

    def samples(self) -> SampleList:
        for home in homes(self.root, HOMES["expw"]):
            listed = found_below(home, *LISTS)
            if listed is not None:
                return self._by_list(home, listed)
        raise self.not_found()

    def original(self, sample: Sample) -> NDArray[np.uint8]:
        return read_face(self.root, sample.source)

    def fingerprint(self) -> str:
        return table_fingerprint(self.listing)

    def _by_list(self, home: Path, listed: Path) -> SampleList:
        images = found_below(home, *IMAGES)
        if images is None:
            message = f"`{listed}` is there, and the pictures that it names are not: `image/origin/` is looked for"
            raise DataError(message, f"unpack `origin.7z` to `{home / 'image' / 'origin'}`")
        account = Account(
            shown(str(home)), {"all": f"`{listed.name}`"}, groups="pictures, of which some hold several faces"
        )
        rows = self._rows(listed, images.relative_to(self.root).as_posix())
        return list_rows(rows, NAMES, what=f"`{listed}`", account=account, fixed=NAMES.all)

    def _rows(self, listed: Path, images: str) -> Iterator[Row]:
        below = shown(listed.relative_to(self.root).as_posix())
        whole: dict[str, Row] = {}  # of each picture, which several lines name one after another
        for number, words in word_lines(listed):
            if len(words) != len(WORDS):
                flaw = ("wrong length", f"has `{len(words)}` words, expected are `{len(WORDS)}`: {', '.join(WORDS)}")
                yield Row(line_name(below, number), "", "", flaw=flaw)
                continue
            name, face, top, left, right, bottom, _, label = words
            if name not in whole:
                whole = {name: file_row(self, f"{images}/{name}", label=label)}
            picture, box = whole[name], (left, top, right, bottom)
            group = picture.name.rpartition("/")[2]
            row = replace(picture, name=f"{picture.name}#{shown(face)}", label=label, group=group)
            yield face_row(row, box, written=box)
