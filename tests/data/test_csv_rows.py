from __future__ import annotations

import os
from pathlib import Path

import pytest

from ferray.data.csv_rows import MOST_ROW_BYTES, CsvRows
from ferray.errors import BadSampleError, DataError


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "rows.csv"
    path.write_bytes(text.encode())
    return path


def cells(path: Path) -> list[dict[str, str]]:
    rows = CsvRows(path)
    return [rows.cells(line.text, f"rows.csv:{line.number}") for line in rows.lines()]


def test_columns_are_found_by_name_in_any_order(tmp_path: Path) -> None:
    path = write(tmp_path, "b, A\n1,2\n")
    assert cells(path) == [{"b": "1", "a": "2"}]


def test_a_row_is_found_again_at_its_offset(tmp_path: Path) -> None:
    rows = CsvRows(write(tmp_path, "a,b\n1,2\n3,4\n"))
    offset = list(rows.lines())[1].offset
    assert rows.cells(rows.at(offset), "1") == {"a": "3", "b": "4"}


def test_quotes_windows_line_ends_byte_order_mark_and_blank_lines_are_understood(tmp_path: Path) -> None:
    path = write(tmp_path, '\ufeff"a",b\r\n"1",2\r\n\r\n3,4')
    assert cells(path) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no column `pixels`"):
        CsvRows(write(tmp_path, "emotion\n1\n"), needed=("emotion", "pixels"))


def test_a_short_row_is_an_error_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(BadSampleError, match=r"line 2 of rows\.csv has `1` cells under `2` columns"):
        cells(write(tmp_path, "a,b\n1\n"))


def test_a_column_that_is_needed_and_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has two columns `a`"):
        CsvRows(write(tmp_path, "a,b,a\n1,2,3\n"), needed=("a",))


def test_a_row_without_end_is_bad_and_the_next_one_is_found(tmp_path: Path) -> None:
    rows = CsvRows(write(tmp_path, f"a\n{'1' * (2 * MOST_ROW_BYTES + 5)}\n7\n"))
    endless, last = rows.lines()
    assert rows.cells(rows.at(last.offset), "1") == rows.cells(last.text, "1") == {"a": "7"}
    with pytest.raises(BadSampleError, match="has over `8` MiB"):
        rows.cells(endless.text, "0")


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    rows = CsvRows(write(tmp_path, "a,b\n1,2\n\n3,4\n"))
    assert [line.number for line in rows.lines()] == [2, 4]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("\nemotion,pixels\n0,1 2\n", "begins with a blank line"),
        ("0,1 2 3 4\n1,5 6 7 8\n", "has no header row: its first line holds numbers"),
        ("happy,1 2 3 4,Training\n", "has no header row"),
        ("\x8f\x03\x11a,b\xff\n", "is no text"),
    ],
)
def test_a_file_without_a_header_is_told_what_it_is(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        CsvRows(write(tmp_path, text), needed=("emotion", "pixels"))
    assert caught.value.message.removeprefix(f"`{tmp_path / 'rows.csv'}` ").startswith(words)


def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "rows.csv")
    with pytest.raises(DataError, match="is not a regular file"):
        CsvRows(tmp_path / "rows.csv")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.csv` cannot be read"):
        CsvRows(tmp_path / "gone.csv")
