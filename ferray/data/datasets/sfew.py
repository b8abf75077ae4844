"""Static Facial Expressions in the Wild: stills from films, in both layouts that are around."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from pydantic import field_validator

from ferray.data.datasets import DatasetParams
from ferray.data.datasets._pictures import PictureDataset
from ferray.data.file_listing import emotion_label, list_samples
from ferray.data.group_names import SFEW
from ferray.data.images import read_shape
from ferray.data.layout import HOMES, PREPARED, REPORT, ImageFile, homes, is_emotion
from ferray.data.samples import SampleList
from ferray.data.scan import Rules, Scan, one_tree_each, part_named, scan
from ferray.emotions import EMOTION_NAMES
from ferray.errors import BadSampleError, DataError
from ferray.text.commands import command

CUT_BY_FERRAY = ("mtcnn", "center", "csv")
# Height and width in pixels of what the authors distribute; anything else is somebody's own crop and is taken as it is.
ORIGINAL_SHAPES = {"aligned": (181, 143), "frames": (576, 720)}


class Sfew(PictureDataset):
    """SFEW: seven expressions on film stills; 2.0 (`Train/`, `Val/`) or the older 675 images, one folder a class.

    `faces` picks between the two kinds of pictures that 2.0 is distributed in, aligned faces (143x181) and full frames
    (720x576), of which the 675-image set has the frames alone; `mtcnn`, `center` and `csv` are the faces that
    `ferray data prepare sfew` cut out of the frames. `split: wang2020` is Wang's name for `halves`. The film that
    groups a sample is read from its name, `Movie_time_person.png`. A part may lie any number of folders deep, as in
    `Val/Val_Aligned_Faces_new/Val_Aligned_Faces/<Class>/`. An unlabelled `Test/` is passed over, and that is said.
    Of 2.0's aligned validation part twelve pictures have one colour: `bad_samples: auto` leaves them out.
    """

    class Params(DatasetParams):
        faces: Literal["aligned", "frames", "mtcnn", "center", "csv"] = "aligned"
        """Which pictures: as distributed, or cut by `ferray data prepare` (mtcnn, center, csv)."""

        @field_validator("split", mode="before")
        @classmethod
        def _paper_name(cls, split: Any) -> Any:
            return "halves" if split == "wang2020" else split

    params: Params
    holds_blank: ClassVar[bool] = True
    uncropped = MappingProxyType({"faces": "frames"})
    expected_layout = (
        "SFEW/Train/<Class>/*.png\nSFEW/Val/Val_Aligned_Faces_new/Val_Aligned_Faces/<Class>/*.png\nSFEW/<Class>/*.png"
    )
    how_to_get = (
        "SFEW 2.0 is given for academic research on request to its authors: "
        "https://users.cecs.anu.edu.au/~few_group/AFEW.html"
    )

    @property
    def folders(self) -> tuple[str, ...]:
        return (self._cut,) if self.params.faces in CUT_BY_FERRAY else super().folders

    def samples(self) -> SampleList:
        found = self._scan()
        return list_samples(
            found.files,
            self,
            classes=EMOTION_NAMES,
            label_of=emotion_label,
            group_of=SFEW.group_of,
            account=replace(found.account, groups=SFEW.title),
        )

    def _scan(self) -> Scan:
        if self.params.faces in CUT_BY_FERRAY:
            return self._scan_cut()
        other = "the frames" if self.params.faces == "aligned" else "aligned faces"
        rules = Rules(is_emotion, part_of, self._choose, f"they are {other}, or another copy", own="sfew")
        for home in homes(self.root, HOMES["sfew"]):
            found = scan(home, self.root, rules)
            if found:
                self._check_kind(found)
                return found
        raise self.not_found()

    def _scan_cut(self) -> Scan:
        """The crops of `ferray data prepare`; DataError with its command where they are not there, or not all."""
        folder = self.root / self._cut
        if not (folder / REPORT).is_file():
            state = "are not all cut" if (folder / PREPARED).exists() else "are not there"
            boxes = ("--boxes", "faces.csv") if self.params.faces == "csv" else ()
            cut = command("data prepare sfew --faces", self.params.faces, *boxes, "--data-root", self.root)
            raise DataError(f"the faces in `{folder}` {state}", f"run `{cut}`")
        found = scan(folder, self.root, Rules(is_emotion, own="sfew"))
        if found is None:
            raise self.not_found()
        return found

    @property
    def _cut(self) -> str:
        return f"sfew_faces_{self.params.faces}"

    def _choose(self, found: Sequence[Sequence[Path]]) -> list[Path]:
        """The one tree of a part with the pictures asked for, else of the others; DataError where there are several."""
        trees = [tree for below in found for tree in below]
        wanted = [tree for tree in trees if self._says_aligned(tree) == (self.params.faces == "aligned")]
        return one_tree_each([wanted or trees])

    def _says_aligned(self, tree: Path) -> bool:
        return any("aligned" in name.lower() for name in tree.relative_to(self.root).parts)

    def _check_kind(self, found: Scan) -> None:
        """DataError where the first good picture is one of the other kind."""
        other = "frames" if self.params.faces == "aligned" else "aligned"
        shape, folder = next(_shapes_of(found.files), (None, None))
        if folder is not None and shape == ORIGINAL_SHAPES[other]:
            raise DataError(
                f"`{folder.parent}` holds the {other} pictures, `faces` asks for `{self.params.faces}`",
                f"ask for them with `dataset.faces={other}`, or unpack the `{self.params.faces}` ones there",
            )


def _shapes_of(files: Iterable[ImageFile]) -> Iterator[tuple[tuple[int, int], Path]]:
    """Height, width and folder of those that are pictures; packing names the bad ones."""
    for file in files:
        with suppress(BadSampleError):
            yield read_shape(file.path), file.folder


def part_of(name: str) -> str:
    """The part of a folder such as `Train`, `Val_Aligned_Faces_new` or `Test`."""
    return part_named(re.sub(r"[_ -]aligned[_ -]faces.*", "", name, flags=re.IGNORECASE))
