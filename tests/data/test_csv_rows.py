from __future__ import annotations

from pathlib import Path

import pytest

from ferray.data.csv_rows import CsvRows
from ferray.errors import DataError


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "rows.csv"
    path.write_bytes(text.encode())
    return path


def test_columns_are_found_by_name_in_any_order(tmp_path: Path) -> None:
    path = write(tmp_path, "b, A\n1,2\n")
    assert [cells for _, cells in CsvRows(path)] == [{"b": "1", "a": "2"}]


def test_a_row_is_found_again_at_its_offset(tmp_path: Path) -> None:
    rows = CsvRows(write(tmp_path, "a,b\n1,2\n3,4\n"))
    offset = list(rows)[1][0]
    assert rows.at(offset) == {"a": "3", "b": "4"}


def test_quotes_windows_line_ends_byte_order_mark_and_blank_lines_are_understood(tmp_path: Path) -> None:
    path = write(tmp_path, '\ufeff"a",b\r\n"1",2\r\n\r\n3,4')
    assert [cells for _, cells in CsvRows(path)] == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no column `pixels`"):
        CsvRows(write(tmp_path, "emotion\n1\n"), needed=("emotion", "pixels"))


def test_a_short_row_is_an_error_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="byte 4: a row of `1` cells under `2` columns"):
        list(CsvRows(write(tmp_path, "a,b\n1\n")))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.csv` cannot be read"):
        CsvRows(tmp_path / "gone.csv")
