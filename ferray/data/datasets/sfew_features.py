"""The course sheet of SFEW: ten numbers a face in place of its picture."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ferray.config.optional_package import not_imported
from ferray.data.account import Account
from ferray.data.bad_samples import BadSample
from ferray.data.datasets import Dataset, DatasetParams
from ferray.data.file_kinds import HEAD_BYTES, kind_of, refuse_no_csv
from ferray.data.files import regular_file, shown
from ferray.data.group_names import SFEW
from ferray.data.layout import files_in, homes
from ferray.data.line_names import in_words, line_name
from ferray.data.sample_ids import SampleIds
from ferray.data.samples import Sample, SampleList
from ferray.emotions import EMOTION_NAMES
from ferray.errors import BadSampleError, DataError
from ferray.files.os_errors import reading
from ferray.files.size_limits import refuse_larger
from ferray.text.commands import install_extra

NUM_FEATURES = 10
MOST_BYTES = 256 * 2**20
MOST_UNPACKED_BYTES = 512 * 2**20
COLUMNS = 2 + NUM_FEATURES  # file name, label, numbers
_HOMES = ("sfew_features", "sfew")
FILES = ("sfew.xlsx", "sfew.csv", "sfew_features.xlsx", "sfew_features.csv")
LARGEST = float(np.finfo(np.float32).max)
Cells = tuple[str, ...]


class SfewFeatures(Dataset):
    """SFEW as a sheet: 675 rows of five principal components of LPQ and five of PHOG, with label and file name.

    `SFEW.xlsx` (its first sheet) or `SFEW.csv`: file name, label 1 to 7 in the order Angry, Disgust, Fear, Happy,
    Neutral, Sad, Surprise, ten numbers; rows above the first with a number for its label are headings. An empty cell is
    filled with its column's median over the training split, which is said, unless `empty_cells: bad` makes it a bad
    sample. The film that groups a row is read from the file name.
    """

    class Params(DatasetParams):
        empty_cells: Literal["median", "bad"] = "median"
        """Filled with the column's median over the training split, or a bad sample."""

    params: Params
    kind: ClassVar[Literal["images", "features"]] = "features"
    version: ClassVar[int] = 2
    expected_layout = "SFEW.xlsx\nSFEW.csv\nSFEW/SFEW.xlsx"
    how_to_get = (
        "the sheet goes with SFEW, which is given for academic research on request to its authors: "
        "https://users.cecs.anu.edu.au/~few_group/AFEW.html"
    )

    @property
    def folders(self) -> tuple[str, ...]:
        return _HOMES

    def reads(self, path: str) -> bool:
        return path.lower().rpartition("/")[2] in FILES or path == self.params.groups

    def samples(self) -> SampleList:
        ids = SampleIds()
        read = [(cells, row) for cells, row in zip(self._cells, self._rows, strict=True)]
        good = [(row[0], _content(cells)) for (_, cells), row in read if not isinstance(row, BadSample)]
        bad = tuple(row for _, row in read if isinstance(row, BadSample))
        samples = tuple(replace(sample, sample_id=ids.of("", content)) for sample, content in good)
        account = Account(shown(str(self._sheet)), {"all": f"`{self._sheet.name}`"}, groups=SFEW.title)
        return SampleList(samples, EMOTION_NAMES, bad, account, tuple(content for _, content in good))

    def features_of(self, sample: Sample) -> NDArray[np.float32]:
        row = self._rows[int(sample.source)]
        assert not isinstance(row, BadSample), "bad rows are not among the samples"
        return row[1]

    def decode(self, sample: Sample, size: int) -> NDArray[np.uint8]:
        raise DataError("`sfew_features` has no pictures", "take `sfew` for those")

    def fingerprint(self) -> str:
        return self.digest(self._sheet)

    @cached_property
    def _sheet(self) -> Path:
        for home in homes(self.root, _HOMES):
            files = files_in(home)
            for name in FILES:
                if name in files:
                    return files[name]
        raise self.not_found()

    @cached_property
    def _cells(self) -> tuple[tuple[int, Cells], ...]:
        """The line and the cells of each row below the headings."""
        path = self._sheet
        rows = tuple(_without_headings(_read_cells(path)))
        if not rows:
            raise DataError(
                f"`{path}` has no row with a number in its second column", "it is to hold file name, label, ten numbers"
            )
        if len(rows[0][1]) != COLUMNS:
            message = (
                f"`{path}` has `{len(rows[0][1])}` columns, expected are `{COLUMNS}`: file name, label, ten numbers"
            )
            raise DataError(message, "take the sheet as it was given")
        return rows

    @cached_property
    def _rows(self) -> tuple[tuple[Sample, NDArray[np.float32]] | BadSample, ...]:
        name = shown(self._sheet.relative_to(self.root).as_posix())
        lines = enumerate(self._cells)
        return tuple(self._read_row(cells, line_name(name, number), index) for index, (number, cells) in lines)

    def _read_row(self, cells: Cells, name: str, index: int) -> tuple[Sample, NDArray[np.float32]] | BadSample:
        class_name = ""
        try:
            if len(cells) != COLUMNS:
                reason = f"has `{len(cells)}` cells, expected are `{COLUMNS}`"
                raise BadSampleError.of(in_words(name), "wrong length", reason)
            label = _label(cells[1], name)
            class_name = EMOTION_NAMES[label]
            features = np.array([_number(cell, column, name) for column, cell in enumerate(cells[2:], start=3)])
            if self.params.empty_cells == "bad" and np.isnan(features).any():
                raise BadSampleError.of(in_words(name), "empty cell", f"has `{np.isnan(features).sum()}` empty cells")
        except BadSampleError as error:
            return BadSample(name, class_name, error.kind, error.reason)
        sample = Sample(0, name, label, "all", source=f"{index}", group=SFEW.group_of(Path(cells[0]).stem))
        return sample, features.astype(np.float32)


def _content(cells: Cells) -> str:
    """A hash of file name and numbers, without the label: one that is corrected stays the same sample."""
    return hashlib.blake2b("\0".join((cells[0], *cells[2:])).encode(), digest_size=16).hexdigest()


def _read_cells(path: Path) -> Iterator[tuple[int, Cells]]:
    """Line and cells of each row that is not blank, as text, "" for an empty cell; DataError where it is no sheet."""
    with reading(path, DataError, "check who may read it"):
        regular_file(path)
        refuse_larger(path, MOST_BYTES)
        is_sheet = path.suffix.lower() == ".xlsx"
        if not is_sheet:
            refuse_no_csv(path)
        rows = _read_xlsx(path) if is_sheet else _read_csv(path)
        for number, row in rows:
            cells = tuple(_text(value) for value in row)
            # A spreadsheet pads rows with empty cells to its widest one.
            while len(cells) > COLUMNS and not cells[-1]:
                cells = cells[:-1]
            if any(cells):
                yield number, cells


def _read_csv(path: Path) -> Iterator[tuple[int, Sequence[Any]]]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        try:
            reader = csv.reader(stream)
            yield from ((reader.line_num, row) for row in reader)
        except csv.Error as error:
            raise DataError(f"`{path}` is not a csv: {error}", "copy it again") from error


def _read_xlsx(path: Path) -> Iterator[tuple[int, Sequence[Any]]]:
    try:
        import openpyxl
    except ImportError as error:
        hint = f"`{install_extra('sheets')}`, or save it as .csv"
        raise not_imported(f"`{path.name}` needs openpyxl, which", error, hint) from error
    content = io.BytesIO(path.read_bytes())
    _refuse_inflating(content, path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what openpyxl remarks about styles and extensions it leaves aside
            book = openpyxl.load_workbook(content, read_only=True, data_only=True)
            rows = list(book.worksheets[0].iter_rows(values_only=True))
            book.close()
    except Exception as error:  # zip, zlib, XML and openpyxl raise a dozen kinds for what is no sheet
        kind = kind_of(content.getvalue()[:HEAD_BYTES])
        if kind and not zipfile.is_zipfile(content):
            raise DataError(f"`{path}` is {kind.name}, not an Excel sheet", kind.remedy) from error
        raise DataError(f"`{path}` is not an Excel sheet", "copy it again, or save it as .csv") from error
    widest = max(map(len, rows), default=0)
    yield from ((number, (*row, *[None] * (widest - len(row)))) for number, row in enumerate(rows, start=1))


def _refuse_inflating(content: io.BytesIO, path: Path) -> None:
    """DataError for an archive whose own table says that it unpacks to more than a sheet."""
    if not zipfile.is_zipfile(content):
        return
    with suppress(zipfile.BadZipFile, NotImplementedError), zipfile.ZipFile(content) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MOST_UNPACKED_BYTES:
            message = f"`{path}` unpacks to `{unpacked >> 20}` MiB, at most `{MOST_UNPACKED_BYTES >> 20}` are read"
            raise DataError(message, "save it as .csv")


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _without_headings(rows: Iterable[tuple[int, Cells]]) -> Iterator[tuple[int, Cells]]:
    below = False
    for number, cells in rows:
        below = below or (len(cells) > 1 and _is_number(cells[1]))
        if below:
            yield number, cells


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text  # Python's own way of writing 10_000


def _label(text: str, name: str) -> int:
    value = float(text) if _is_number(text) else math.nan
    if value not in range(1, len(EMOTION_NAMES) + 1):
        reason = f"has the label `{text[:20]}`, not 1 to {len(EMOTION_NAMES)}"
        raise BadSampleError.of(in_words(name), "unknown label", reason)
    return int(value) - 1


def _number(text: str, column: int, name: str) -> float:
    """The number in a cell, NaN where it is empty."""
    if not text:
        return math.nan
    value = float(text) if _is_number(text) else math.nan
    if not abs(value) <= LARGEST:
        raise BadSampleError.of(in_words(name), "not a number", f"has `{text[:20]}` in column {column}, not a number")
    return value
