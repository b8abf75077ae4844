"""RAF-DB's basic expressions, by the list of labels that the authors give or as folders 1 to 7."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from ferray.data.account import Account, PassedOver
from ferray.data.class_names import DROPPED, ClassNames
from ferray.data.datasets import DatasetParams
from ferray.data.datasets._pictures import PictureDataset
from ferray.data.files import shown
from ferray.data.fingerprint import table_fingerprint
from ferray.data.layout import HOMES, files_below, found_below, homes, own_homes
from ferray.data.line_names import line_name
from ferray.data.samples import SampleList
from ferray.data.scan import Rules, scan
from ferray.data.table_rows import Row, file_row, file_rows, list_rows
from ferray.data.word_lines import word_lines
from ferray.errors import DataError

LIST = "list_patition_label.txt"  # spelt as the authors do
LISTS = tuple(
    f"{place}{name}" for place in ("basic/emolabel/", "emolabel/", "") for name in (LIST, f"{LIST[:8]}r{LIST[8:]}")
)
NAMES = ClassNames("rafdb")


class Rafdb(PictureDataset):
    """RAF-DB basic: 15,339 faces of the web, 12,271 to train and 3,068 to test, by `list_patition_label.txt`.

    Labels 1 to 7 are Surprise, Fear, Disgust, Happiness, Sadness, Anger, Neutral. `faces` picks between the aligned
    100x100 faces and the original pictures. There is no official validation part: `official` carves one out of train.
    Folders `train/<1 to 7>/` and `test/<1 to 7>/`, in which some copies have the aligned faces, are read in a folder
    called as the set. The compound expressions are not read.
    """

    class Params(DatasetParams):
        faces: Literal["aligned", "original"] = "aligned"
        """Faces that the authors have aligned, or the pictures they were cut from."""

    params: Params
    expected_layout = f"basic/EmoLabel/{LIST}\nRAF-DB/basic/EmoLabel/{LIST}\nRAF-DB/train/<1 to 7>/*.jpg"
    how_to_get = "RAF-DB is given for academic research on request to its authors: http://www.whdeng.cn/RAF/model1.html"

    def samples(self) -> SampleList:
        for home in homes(self.root, HOMES["rafdb"]):
            listed = found_below(home, *LISTS)
            if listed is not None:
                return self._by_list(home, listed)
        for home in own_homes(self.root, HOMES["rafdb"]):
            found = scan(home, self.root, Rules(_is_class, own="rafdb"))
            if found is not None:
                self._refuse_originals(found.home)
                what = f"`{found.home}`"
                return list_rows(file_rows(found.files, self), NAMES, what=what, account=found.account, fixed=NAMES.all)
            self._refuse_compound(home)
        raise self.not_found()

    def fingerprint(self) -> str:
        return table_fingerprint(self.listing)

    def _by_list(self, home: Path, listed: Path) -> SampleList:
        place = listed.parent.parent if listed.parent.name.lower() == "emolabel" else listed.parent
        images = found_below(place, f"image/{self.params.faces}", self.params.faces)
        if images is None:
            raise DataError(
                f"`{place / 'Image' / self.params.faces}` is not there, which `{listed.name}` names pictures of",
                f"unpack `{self.params.faces}.zip` there, or ask for the other pictures with `dataset.faces`",
            )
        origins = {"train": f"names `train_` in `{listed.name}`", "test": f"names `test_` in `{listed.name}`"}
        account = Account(shown(str(place)), origins, tuple(_compound(home)))
        rows = self._rows(listed, images.relative_to(self.root).as_posix())
        return list_rows(rows, NAMES, what=f"`{listed}`", account=account, fixed=NAMES.all)

    def _rows(self, listed: Path, images: str) -> Iterator[Row]:
        below = shown(listed.relative_to(self.root).as_posix())
        for number, words in word_lines(listed):
            if len(words) != 2:
                flaw = ("wrong length", f"has `{len(words)}` words, expected are a file's name and a label")
                yield Row(line_name(below, number), "", "", flaw=flaw)
                continue
            name, label = words
            stem, dot, suffix = name.rpartition(".")
            file = f"{stem}_aligned{dot}{suffix}" if self.params.faces == "aligned" else name
            yield file_row(self, f"{images}/{file}", label=label, part=name.partition("_")[0])

    def _refuse_originals(self, place: Path) -> None:
        if self.params.faces == "original":
            message = f"`{place}` holds the aligned faces in class folders, `faces` asks for `original`"
            raise DataError(message, f"ask for `dataset.faces=aligned`, or unpack the originals beside `{LIST}`")

    def _refuse_compound(self, home: Path) -> None:
        if found_below(home, "compound") is not None:
            message = f"`{home}` holds the compound expressions alone, which are not read"
            raise DataError(message, f"unpack `basic` beside them. {self.how_to_get}")


def _compound(home: Path) -> Iterator[PassedOver]:
    folder = found_below(home, "compound")
    if folder is not None:
        yield PassedOver("compound", len(files_below(folder)), "folder `compound`", "compound expressions are not read")


def _is_class(name: str) -> bool:
    return NAMES.class_of(name) not in (None, DROPPED)
