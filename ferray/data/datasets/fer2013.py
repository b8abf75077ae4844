"""FER-2013 as the csv of the Kaggle challenge, or unpacked into class folders."""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ferray.data.account import Account, PassedOver
from ferray.data.bad_samples import BadSample
from ferray.data.csv_rows import CsvRows
from ferray.data.datasets import Dataset, DatasetParams
from ferray.data.file_listing import emotion_label, list_samples
from ferray.data.files import shown
from ferray.data.images import read_original, refuse_one_colour, resize
from ferray.data.layout import HOMES, ImageFile, files_below, files_in, homes, is_emotion, look_into
from ferray.data.line_names import in_words, line_name
from ferray.data.sample_ids import SampleIds
from ferray.data.samples import Sample, SampleList
from ferray.data.scan import Rules, Scan, part_named, scan
from ferray.emotions import EMOTION_NAMES, Emotion
from ferray.errors import BadSampleError, DataError
from ferray.text.counting import counted

# The csv numbers its classes in this order.
CODES = (Emotion.ANGRY, Emotion.DISGUST, Emotion.FEAR, Emotion.HAPPY, Emotion.SAD, Emotion.SURPRISE, Emotion.NEUTRAL)
CODE_LABELS = {str(code): int(emotion) for code, emotion in enumerate(CODES)}
USAGE_PARTS = {"training": "train", "publictest": "val", "privatetest": "test"}
USAGE_NAMES = {"train": "Training", "val": "PublicTest", "test": "PrivateTest"}
CSV_NAMES = ("fer2013.csv", "icml_face_data.csv")
_SHEET = re.compile(r"(fer|icml_face_data|train\b).*\.(xlsx?|ods|numbers|parquet|tsv)")  # the csv in another format
COMPETITION_CSV = "train.csv"  # the training part alone, without usages; other data sets have files of this name too


class Fer2013(Dataset):
    """FER-2013: 35,887 grey 48x48 faces, as a csv or as folders `train/<class>/` and `test/<class>/`.

    The csv is `fer2013.csv`, `icml_face_data.csv` or the competition's `train.csv`, and wins over folders beside it.
    Its emotions are codes or words. PublicTest is val and PrivateTest is test, in the csv, as folders, and as file
    names in a `test` folder that holds both, or in class folders alone where every name tells its part; else there is
    no official val. Class folders may be called by the csv's codes, 0 to 6. Twelve pictures have one colour, eleven of
    them in Training: `bad_samples: auto` leaves them out.
    """

    class Params(DatasetParams):
        pass

    params: Params
    home_names: tuple[str, ...] = HOMES["fer2013"]  # folders of the data root; a set of the same faces has others too
    version: ClassVar[int] = 3
    holds_blank: ClassVar[bool] = True
    expected_layout = (
        "fer2013.csv\nfer2013/fer2013.csv\nfer2013/icml_face_data.csv\nfer2013/train.csv\nfer2013/train/<class>/*.png"
    )
    how_to_get = (
        "FER-2013 is on Kaggle after logging in: "
        "https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-recognition-challenge/data"
    )

    def samples(self) -> SampleList:
        csv = self.csv
        if csv is not None:
            return _csv_samples(csv, csv.relative_to(self.root).as_posix())
        found = by_usage(self._scan())
        return list_samples(found.files, self, classes=EMOTION_NAMES, label_of=_folder_label, account=found.account)

    def decode(self, sample: Sample, size: int) -> NDArray[np.uint8]:
        return resize(self.original(sample), size)

    def original(self, sample: Sample) -> NDArray[np.uint8]:
        file, _, offset = sample.source.rpartition("@")
        if file.lower().endswith(".csv"):
            return _decode_row(CsvRows(self.root / file), sample, offset=int(offset))
        return read_original(self.root / sample.source)

    def fingerprint(self) -> str:
        csv = self.csv  # whose hash is remembered, so that no worker reads its 35,887 rows
        return self.digest(csv) if csv else super().fingerprint()

    def not_found(self) -> DataError:
        error = super().not_found()
        sheets = [path for home in self._homes() for name, path in files_in(home).items() if _SHEET.fullmatch(name)]
        saved = "".join(f"save `{sheet}` as `fer2013.csv`, with commas\n  or " for sheet in sheets[:1])
        return DataError(error.message, f"{saved}{error.hint}")

    def _homes(self) -> list[Path]:
        names = self.home_names
        return [inner for home in homes(self.root, names)[:-1] for inner in homes(home, names)] + [self.root]

    @property
    def csv(self) -> Path | None:
        """The csv that is read; None where there is none."""
        for home in self._homes():
            files = files_in(home)
            found = [files[name] for name in CSV_NAMES if name in files]
            if found:
                return found[0]
            if COMPETITION_CSV in files and self._is_of_the_competition(files[COMPETITION_CSV]):
                return files[COMPETITION_CSV]
        return None

    def _is_of_the_competition(self, csv: Path) -> bool:
        """Whether its columns are; in the data root itself it may be anything, and no csv either."""
        try:
            return {"emotion", "pixels"} <= set(CsvRows(csv).columns)
        except DataError:
            if csv.parent == self.root:
                return False
            raise

    def _scan(self) -> Scan:
        for home in self._homes():
            found = scan(home, self.root, Rules(_is_class, own="fer2013"))
            if found:
                return found
        raise self.not_found()


def by_usage(found: Scan) -> Scan:
    """The scan with its `test` folder cut into `PublicTest_` (val) and `PrivateTest_`, where there is no val folder.

    Any other file name that contradicts its folder changes nothing and is remarked upon: who moved the file meant it.
    """
    usages = [USAGE_PARTS.get(file.name.lower().partition("_")[0]) for file in found.files]
    in_test = {usage for file, usage in zip(found.files, usages, strict=True) if file.part == "test"}
    if found.account.origins.keys() == {"all"} and "train" in usages and None not in usages:
        return _all_by_usage(found, [usage or "" for usage in usages])
    files, origins = found.files, dict(found.account.origins)
    if "val" not in origins and in_test >= {"val", "test"}:
        is_public = [file.part == "test" and usage == "val" for file, usage in zip(files, usages, strict=True)]
        files = tuple(replace(file, part="val") if yes else file for file, yes in zip(files, is_public, strict=True))
        origins["val"] = f"file names `PublicTest_` in {origins['test']}"
        origins["test"] = f"the other file names in {origins['test']}"
    moved = Counter(
        (file.part, usage) for file, usage in zip(files, usages, strict=True) if usage and usage != file.part
    )
    remarks = [
        f"{counted(count, f'file in {part} is', f'files in {part} are')} called `{USAGE_NAMES[usage]}_`: "
        "the folder decides"
        for (part, usage), count in sorted(moved.items())
    ]
    account = replace(found.account, origins=origins, remarks=(*found.account.remarks, *remarks))
    return replace(found, files=files, account=account)


def _all_by_usage(found: Scan, usages: Sequence[str]) -> Scan:
    """A scan without folders of parts whose file names all tell one."""
    files = tuple(replace(file, part=usage) for file, usage in zip(found.files, usages, strict=True))
    place = found.account.origins["all"]
    origins = {part: f"file names `{name}_` in {place}" for part, name in USAGE_NAMES.items() if part in usages}
    return replace(found, files=files, account=replace(found.account, origins=origins))


def _is_class(name: str) -> bool:
    return name in CODE_LABELS or is_emotion(name)


def _folder_label(file: ImageFile) -> int:
    """A class folder's expression, or the code of the csv."""
    return CODE_LABELS[file.class_name] if file.class_name in CODE_LABELS else emotion_label(file)


@dataclass(frozen=True)
class _Row:
    """A row whose label and usage are right, how many pixels it has, and their hash."""

    sample: Sample
    num_pixels: int
    content: str


def _csv_samples(csv: Path, source: str) -> SampleList:
    rows, ids = CsvRows(csv, needed=("emotion", "pixels")), SampleIds()
    read = [
        _read_row(rows, text, Sample(0, line_name(source, number), 0, "", source=f"{source}@{offset}"))
        for number, offset, text in rows.lines()
    ]
    if not read:
        raise DataError(f"`{csv}` has no rows", "copy it again")
    usual = Counter(row.num_pixels for row in read if isinstance(row, _Row)).most_common(1)
    checked = [_of_usual_length(row, usual[0][0]) if isinstance(row, _Row) else row for row in read]
    good = [row for row in checked if isinstance(row, _Row)]
    samples = tuple(replace(row.sample, sample_id=ids.of("", row.content)) for row in good)
    bad = tuple(row for row in checked if isinstance(row, BadSample))
    return SampleList(samples, EMOTION_NAMES, bad, _account(csv, samples), tuple(row.content for row in good))


def _account(csv: Path, samples: Sequence[Sample]) -> Account:
    """Where the parts come from; folders of splits beside the csv are not read."""
    origins = {part: f"usage `{USAGE_NAMES[part]}`" for part in ("train", "val", "test")}
    if samples and samples[0].part == "all":
        origins = {"all": f"`{csv.name}`"}
    beside = [folder for folder in look_into(csv.parent).subfolders if part_named(folder.name)]
    passed = [
        PassedOver(shown(folder.name), len(files_below(folder)), f"folder `{shown(folder.name)}`", "the csv is read")
        for folder in beside
    ]
    return Account(shown(str(csv)), origins, tuple(passed))


def _read_row(rows: CsvRows, line: bytes, blank: Sample) -> _Row | BadSample:
    """`blank` with the label and part that stand in the row."""
    class_name = ""
    try:
        cells = rows.cells(line, blank.name)
        label = _label(cells["emotion"], blank.name)
        class_name = EMOTION_NAMES[label]
        sample = replace(blank, label=label, part=_part(cells.get("usage"), blank.name))
    except BadSampleError as error:
        return BadSample(blank.name, class_name, error.kind, error.reason)
    pixels = cells["pixels"]
    content = hashlib.blake2b(pixels.encode("utf-8", "replace"), digest_size=16).hexdigest()
    # Counting the spaces is a tenth of the work of splitting, which 35,887 rows feel.
    return _Row(sample, len(pixels.split()) if "  " in pixels else pixels.count(" ") + 1, content)


def _of_usual_length(row: _Row, usual: int) -> _Row | BadSample:
    if row.num_pixels == usual:
        return row
    reason = f"has `{row.num_pixels}` pixels, most rows have `{usual}`"
    return BadSample(row.sample.name, EMOTION_NAMES[row.sample.label], "wrong pixels", reason, row.sample.part)


def _label(word: str, name: str) -> int:
    """The expression of a code or of a word such as `happy`."""
    if word in CODE_LABELS:
        return CODE_LABELS[word]
    if is_emotion(word):
        return int(Emotion.parse(word))
    reason = f"has the emotion `{word[:20]}`, neither 0 to 6 nor one of the seven expressions"
    raise BadSampleError.of(in_words(name), "unknown label", reason)


def _part(usage: str | None, name: str) -> str:
    if usage is None:
        return "all"
    if usage.lower() not in USAGE_PARTS:
        reason = f"has the usage `{usage[:20]}`, not Training, PublicTest or PrivateTest"
        raise BadSampleError.of(in_words(name), "unknown usage", reason)
    return USAGE_PARTS[usage.lower()]


def _decode_row(rows: CsvRows, sample: Sample, *, offset: int) -> NDArray[np.uint8]:
    what = in_words(sample.name)
    pixels = rows.cells(rows.at(offset), sample.name)["pixels"]
    # Digits and spaces alone: readers of numbers take `+5` too, and numpy's stops at the first letter.
    if not pixels or pixels.encode().translate(None, b"0123456789 "):
        raise BadSampleError.of(what, "wrong pixels", "has a pixel that is not a number from 0 to 255")
    grey = np.fromstring(pixels, dtype=np.int64, sep=" ")
    side = math.isqrt(len(grey))
    if grey.max() > 255:
        raise BadSampleError.of(what, "wrong pixels", f"has a pixel of `{grey.max()}`, not 0 to 255")
    if side * side != len(grey):
        raise BadSampleError.of(what, "wrong pixels", f"has `{len(grey)}` pixels, not a square")
    square = np.repeat(grey.astype(np.uint8).reshape(side, side, 1), 3, axis=2)
    refuse_one_colour(square, what=what)
    return square
