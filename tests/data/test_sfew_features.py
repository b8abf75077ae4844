from __future__ import annotations

import builtins
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ferray.config.trial import DatasetChoice
from ferray.data.datasets.sfew_features import SfewFeatures
from ferray.data.pack import open_splits
from ferray.data.samples import Splits
from ferray.emotions import Emotion
from ferray.errors import ConfigError, DataError, FerrayError
from ferray.testing.fake_data import sheet_rows, write_sheet_csv, write_sheet_xlsx
from ferray.testing.fuzz import FUZZ, damaged


def sheet(root: Path, **params: Any) -> SfewFeatures:
    return SfewFeatures(SfewFeatures.Params(**params), root)


def with_cell(row: int, column: int, value: object) -> list[list[object]]:
    """The tiny sheet with one cell changed; both counted from 0."""
    rows = sheet_rows()
    rows[row][column] = value
    return rows


def opened(root: Path, **params: Any) -> Splits:
    choice = DatasetChoice.model_validate({"sfew_features": params})
    return open_splits(choice, size=0, limit_per_class=None, data_root=root, cache_dir=root / "cache")


@pytest.mark.parametrize("write", [write_sheet_csv, write_sheet_xlsx])
def test_labels_count_from_one_in_the_papers_order(write: Any, tmp_path: Path) -> None:
    labels = [sample.label for sample in sheet(write(tmp_path)).samples().samples]
    assert labels == [int(emotion) for emotion in Emotion for _ in range(6)]


@pytest.mark.parametrize("write", [write_sheet_csv, write_sheet_xlsx])
def test_a_row_holds_the_ten_numbers(write: Any, tmp_path: Path) -> None:
    dataset = sheet(write(tmp_path))
    expected = np.array(sheet_rows()[5][2:], dtype=np.float32)
    assert np.array_equal(dataset.features_of(dataset.samples().samples[5]), expected)


def test_the_file_name_gives_the_film(tmp_path: Path) -> None:
    samples = sheet(write_sheet_csv(tmp_path)).samples().samples
    assert [sample.group for sample in samples[:4]] == ["film0", "film1", "film2", "film0"]


def test_the_sheet_is_found_in_a_folder_called_sfew(tmp_path: Path) -> None:
    write_sheet_csv(tmp_path / "SFEW")
    assert sheet(tmp_path).samples().samples[3].name == "SFEW/SFEW.csv:5"  # the fourth row, below the heading


def test_an_empty_cell_is_no_number(tmp_path: Path) -> None:
    dataset = sheet(write_sheet_csv(tmp_path, with_cell(4, 7, None)))
    assert np.flatnonzero(np.isnan(dataset.features_of(dataset.samples().samples[4]))).tolist() == [5]


def test_an_empty_cell_at_the_end_of_a_row_of_a_spreadsheet_is_no_number(tmp_path: Path) -> None:
    dataset = sheet(write_sheet_xlsx(tmp_path, with_cell(4, 11, None)))
    assert np.flatnonzero(np.isnan(dataset.features_of(dataset.samples().samples[4]))).tolist() == [9]


def test_an_empty_cell_makes_a_bad_sample_where_that_is_asked_for(tmp_path: Path) -> None:
    (bad,) = sheet(write_sheet_csv(tmp_path, with_cell(4, 7, None)), empty_cells="bad").samples().bad
    assert (bad.name, bad.kind) == ("SFEW.csv:6", "empty cell")


def test_splits_hold_the_rows_and_no_pixels(tmp_path: Path) -> None:
    splits = opened(write_sheet_csv(tmp_path), split="random")
    assert splits.train.inputs_of(np.array([0, 1])).shape == (2, 10)
    assert splits.train.images.shape == (42, 0, 0, 3)


def test_a_changed_cell_changes_the_fingerprint(tmp_path: Path) -> None:
    before = sheet(write_sheet_csv(tmp_path)).fingerprint()
    assert sheet(write_sheet_csv(tmp_path, with_cell(0, 2, 77.5))).fingerprint() != before


@pytest.mark.parametrize(
    ("column", "value", "kind", "reason"),
    [
        (1, 8, "unknown label", "has the label `8`, not 1 to 7"),
        (1, "sad", "unknown label", "has the label `sad`, not 1 to 7"),
        (1, 1.5, "unknown label", "has the label `1.5`, not 1 to 7"),
        (5, "abc", "not a number", "has `abc` in column 6, not a number"),
        (5, "inf", "not a number", "has `inf` in column 6, not a number"),
        (5, "1e300", "not a number", "has `1e300` in column 6, not a number"),
    ],
)
def test_a_wrong_cell_is_named_with_its_row(column: int, value: object, kind: str, reason: str, tmp_path: Path) -> None:
    (bad,) = sheet(write_sheet_csv(tmp_path, with_cell(9, column, value))).samples().bad
    assert (bad.file, bad.line, bad.kind, bad.reason) == ("SFEW.csv", "11", kind, reason)


def test_a_bad_row_leaves_the_ids_of_the_others(tmp_path: Path) -> None:
    samples = sheet(write_sheet_csv(tmp_path, with_cell(1, 1, 0))).samples().samples
    assert [sample.source for sample in samples[:3]] == ["0", "2", "3"]


def test_a_short_row_is_a_bad_sample(tmp_path: Path) -> None:
    rows = sheet_rows()
    rows[3] = rows[3][:9]
    (bad,) = sheet(write_sheet_csv(tmp_path, rows)).samples().bad
    assert (bad.kind, bad.reason) == ("wrong length", "has `9` cells, expected are `12`")


def test_bad_rows_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"(?s)`sfew_features` has 1 bad sample.*line 11 of SFEW\.csv: has the label `0`"
    ):
        opened(write_sheet_csv(tmp_path, with_cell(9, 1, 0)))


def test_rows_of_a_spreadsheet_are_called_by_their_numbers(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"row 10 of SFEW\.xlsx: has the label `0`"):
        opened(write_sheet_xlsx(tmp_path, with_cell(9, 1, 0)))


def test_a_sheet_of_other_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"SFEW\.csv` has `7` columns, expected are `12`"):
        sheet(write_sheet_csv(tmp_path, [row[:7] for row in sheet_rows()])).samples()


def test_a_sheet_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no row with a number"):
        sheet(write_sheet_csv(tmp_path, [["nothing", "here"]])).samples()


def test_what_is_no_spreadsheet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "SFEW.xlsx").write_bytes(b"PK no sheet")
    with pytest.raises(DataError, match="is not an Excel sheet"):
        sheet(tmp_path).samples()


@cache
def whole_files() -> tuple[tuple[str, bytes], ...]:
    """The tiny sheet as both kinds of file."""
    with tempfile.TemporaryDirectory() as folder:
        write_sheet_csv(Path(folder))
        write_sheet_xlsx(Path(folder), sheet_rows(per_class=1))
        return tuple((name, (Path(folder) / name).read_bytes()) for name in ("SFEW.csv", "SFEW.xlsx"))


@FUZZ
@given(data=st.data())
def test_a_damaged_sheet_is_read_or_refused(data: st.DataObject) -> None:
    name, whole = data.draw(st.sampled_from(whole_files()))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(data.draw(damaged([whole], [b",", b"\n", b'"', b"nan", b"1e999", b"\0"])))
        with suppress(FerrayError):
            dataset = sheet(Path(folder))
            assert all(dataset.features_of(sample).shape == (10,) for sample in dataset.samples().samples)


def test_a_root_without_the_sheet_says_where_it_is_had(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="on request to its authors"):
        sheet(tmp_path).samples()


def test_without_openpyxl_the_way_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_sheet_xlsx(tmp_path)
    real = builtins.__import__

    def without_openpyxl(name: str, *rest: Any, **more: Any) -> Any:
        if name == "openpyxl":
            raise ModuleNotFoundError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without_openpyxl)
    with pytest.raises(ConfigError, match="openpyxl>="):
        sheet(tmp_path).samples()
