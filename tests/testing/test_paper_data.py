from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from openpyxl import load_workbook

from ferray.data.datasets.fer2013 import Fer2013
from ferray.data.datasets.sfew import Sfew
from ferray.data.images import read_shape
from ferray.data.samples import Sample
from ferray.data.splits import SplitTable, split_rows
from ferray.testing import paper_data
from ferray.testing.paper_data import fer_usages, sheet_rows, write_aligned, write_csv, write_frames, write_sheet

SCALE = 0.001  # of every class and part the fewest that are written: 5


def sfew(root: Path, **params: str) -> tuple[Sample, ...]:
    return Sfew(Sfew.Params.model_validate(params), root).samples().samples


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.*") if path.is_file()}


def test_frames_have_the_shape_of_the_films(tmp_path: Path) -> None:
    first = sfew(write_frames(tmp_path, scale=SCALE), faces="frames")[0]
    assert read_shape(tmp_path / first.source) == (576, 720)


def test_frames_name_their_film(tmp_path: Path) -> None:
    samples = sfew(write_frames(tmp_path, scale=SCALE), faces="frames")
    assert {sample.group for sample in samples} == {f"syntheticfilm{film:02d}" for film in range(5)}


def test_frames_are_675_at_full_scale() -> None:
    assert (sum(paper_data.FRAME_COUNTS), paper_data.FRAME_COUNTS[1]) == (675, 75)


def test_aligned_faces_are_891_and_431_at_full_scale() -> None:
    assert (sum(paper_data.TRAIN_COUNTS), sum(paper_data.VAL_COUNTS)) == (891, 431)


def test_aligned_faces_have_the_shape_of_the_authors(tmp_path: Path) -> None:
    first = sfew(write_aligned(tmp_path, scale=SCALE))[0]
    assert read_shape(tmp_path / first.source) == (181, 143)


def test_half_of_the_validation_faces_has_the_counts_that_wang_printed() -> None:
    labels = np.repeat(np.arange(7), paper_data.VAL_COUNTS)
    num_train = 7
    table = SplitTable(
        ids=np.arange(len(labels) + num_train),
        labels=np.concatenate([np.arange(num_train), labels]),
        parts=np.array(["train"] * num_train + ["val"] * len(labels)),
        groups=np.array([""] * (len(labels) + num_train)),
    )
    split = split_rows(table, Sfew.Params.model_validate({"split": "wang2020"}))
    assert np.bincount(table.labels[split.val]).tolist() == [38, 12, 23, 36, 42, 36, 28]


def test_the_csv_has_the_parts_of_fer2013(tmp_path: Path) -> None:
    samples = Fer2013(Fer2013.Params(), write_csv(tmp_path, scale=SCALE)).samples().samples
    parts = [sample.part for sample in samples]  # of 41 rows: 5, 5, 5, 9, 6, 6 and 5
    assert (parts.count("train"), parts.count("val"), parts.count("test")) == (33, 4, 4)


def test_the_csv_has_the_counts_of_fer2013_at_full_scale() -> None:
    counts = Counter(fer_usages(sum(paper_data.FER_COUNTS)))
    assert counts == {"Training": 28_709, "PublicTest": 3_589, "PrivateTest": 3_589}


def test_the_sheet_has_five_empty_cells(tmp_path: Path) -> None:
    with (write_sheet(tmp_path) / "SFEW.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert (len(rows) - 1, {len(row) for row in rows}, sum(row.count("") for row in rows)) == (675, {12}, 5)


def test_the_excel_sheet_holds_what_the_csv_holds(tmp_path: Path) -> None:
    write_sheet(tmp_path, scale=SCALE, excel=True)
    header, rows = sheet_rows(scale=SCALE, seed=0)
    read = [list(row) for row in load_workbook(tmp_path / "SFEW.xlsx").active.values]
    assert read == [header, *rows]


@pytest.mark.parametrize("write", [write_frames, write_aligned, write_csv, write_sheet])
def test_the_same_seed_writes_the_same_files(write: Callable[..., Path], tmp_path: Path) -> None:
    first, second = (write(tmp_path / folder, scale=SCALE, seed=3) for folder in ("a", "b"))
    assert contents(first) == contents(second)


def test_another_seed_writes_other_numbers(tmp_path: Path) -> None:
    first, second = (write_sheet(tmp_path / str(seed), scale=SCALE, seed=seed) for seed in (3, 4))
    assert contents(first) != contents(second)
