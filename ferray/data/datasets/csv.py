"""Pictures that a table names: one path and one label a row."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator

from ferray.data.account import Account
from ferray.data.columns import column_if_any, column_of
from ferray.data.csv_table import Cells, CsvTable
from ferray.data.datasets import below_the_root
from ferray.data.datasets._labels import GROUP_NAMES, LABEL_NAMES, SPLIT_NAMES, Column, LabelParams
from ferray.data.datasets._pictures import PictureDataset
from ferray.data.files import shown
from ferray.data.fingerprint import table_fingerprint
from ferray.data.line_names import line_name
from ferray.data.samples import SampleList
from ferray.data.table_rows import ABSOLUTE, Row, file_row, list_rows
from ferray.errors import DataError

PATH_COLUMNS = ("path", "file", "file_name", "filename", "image", "image_path", "img", "pth", "subdirectory_filepath")


class Csv(PictureDataset):
    """Your own table: a csv that names a picture and its label in each row, and its part and group where it has them.

    Columns are found by the names that are common (`path` or `file`, `label`, `split`, `group`, ...), or are named.
    Labels are the seven expressions in any spelling (`anger`, `Angry`, `AN`), or numbers once `label_order` says whose;
    `classes: as_written` takes any words for classes. Frame lists such as Aff-Wild2's are such tables: the video is the
    group. A picture that is listed twice is taken once; one under two labels, or that is not there, is a bad sample.
    """

    class Params(LabelParams):
        table: Annotated[str, AfterValidator(below_the_root)] = "labels.csv"
        """The csv, below the data root."""
        images: Annotated[str, AfterValidator(below_the_root)] | None = None
        """The folder, below the data root, that paths start from; null is the csv's own."""
        path_column: Column | None = None
        """Names the column of paths; null finds it by its name."""
        label_column: Column | None = None
        """Names the column of labels; null finds it by its name."""
        split_column: Column | None = None
        """Names the column of parts (train, val, test); null takes one called split, part, usage, set or subset."""
        group_column: Column | None = None
        """Names the column of groups, which are not split; null takes one called group, subject, person or video."""

    params: Params
    expected_layout = "labels.csv"
    how_to_get = "the table is your own: a csv whose header names a column of paths and one of labels"

    @property
    def folders(self) -> tuple[str, ...]:
        tops = (PurePosixPath(path).parts[:1] for path in (self.params.table, self._images_below))
        return tuple(top[0].lower() for top in tops if top)

    @property
    def asked_path(self) -> str:
        return "." if self.params.table == self.expected_layout else self.params.table

    def samples(self) -> SampleList:
        path = self.root / self.params.table
        if not path.exists():
            raise self.not_found()
        table = CsvTable(path)
        columns = self._columns(table)
        rows = list(self._rows(table, columns))
        self._refuse_no_picture(rows, path)
        _, _, part, group = columns
        origins = dict.fromkeys(("train", "val", "test"), f"`{part}` of `{path.name}`") if part else {}
        account = Account(
            shown(str(path)), {"all": f"`{path.name}`", **origins}, groups=f"values of `{group}`" if group else ""
        )
        return list_rows(rows, self.params.class_names, what=f"`{path}`", account=account)

    def fingerprint(self) -> str:
        return table_fingerprint(self.listing)

    @cached_property
    def _images_below(self) -> str:
        given = self.params.images
        return PurePosixPath(self.params.table).parent.as_posix() if given is None else PurePosixPath(given).as_posix()

    def _columns(self, table: CsvTable) -> tuple[str, str, str, str]:
        """Those of path, label, part and group, "" for none."""
        if self.params.path_column is None and "pixels" in table.columns:
            raise DataError(
                f"`{table.path}` holds the pixels of pictures, and `csv` reads paths",
                "call it `fer2013.csv` and ask for `dataset=fer2013`, which reads such tables",
            )
        return (
            column_of(table, self.params.path_column, PATH_COLUMNS, key="path_column"),
            column_of(table, self.params.label_column, LABEL_NAMES, key="label_column"),
            column_if_any(table, self.params.split_column, SPLIT_NAMES, key="split_column"),
            column_if_any(table, self.params.group_column, GROUP_NAMES, key="group_column"),
        )

    def _rows(self, table: CsvTable, columns: tuple[str, str, str, str]) -> Iterator[Row]:
        for number, cells in table.rows():
            if isinstance(cells, int):
                flaw = ("wrong length", f"has `{cells}` cells under `{len(table.columns)}` columns")
                yield Row(line_name(shown(self.params.table), number), "", "", flaw=flaw)
            else:
                yield self._row(cells, number, columns)

    def _row(self, cells: Cells, number: int, columns: tuple[str, str, str, str]) -> Row:
        # A column without a name, as pandas writes its index, is none of those that are not there.
        path, label, part, group = (cells.get(column, "") if column else "" for column in columns)
        written = path.replace("\\", "/").removeprefix("./")
        if not written:
            line = line_name(shown(self.params.table), number)
            return Row(line, label, "", flaw=("no file", "names no picture"))
        below = written if written.startswith("/") else f"{self._images_below}/{written}"
        return file_row(self, below, label=label, part=part, group=group)

    def _refuse_no_picture(self, rows: list[Row], path: Path) -> None:
        """DataError where no picture is where it is looked for: a wrong folder, and not so many bad rows."""
        if not rows:
            raise DataError(f"`{path}` has no rows", "copy it again")
        if all(row.flaw and row.flaw[1] == ABSOLUTE for row in rows):
            hint = "write them from the csv's own folder on, or from the one of `dataset.images`"
            raise DataError(f"`{path}` names its pictures by absolute paths, such as `{rows[0].source}`", hint)
        if all(row.flaw and row.flaw[1] == "is not there" for row in rows):
            raise DataError(
                f"none of the {len(rows):,} pictures of `{path}` is there: the first is looked for as "
                f"`{self.root / rows[0].source}`",
                "name the folder that their paths start from with `dataset.images`",
            )
