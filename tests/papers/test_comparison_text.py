from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ferray.papers.compare import compare
from ferray.papers.comparison_text import ComparisonText, latex, markdown, text_of
from ferray.testing.fake_arms import arms_record, arms_spec

WANG: list[dict[str, Any]] = [
    {"row": "plain", "arm": "plain", "value": 0.42, "n": 216, "ours": "val"},
    {"row": "with BDR", "arm": "cleaned", "value": 0.46, "n": 216, "ours": "val"},
    {"row": "SVM & LPQ", "value": 0.4371, "comparable": False, "why": "quoted | elsewhere"},
]
RIGHT = {"plain": (40, 44), "cleaned": (50, 48)}


def text(folder: Path, right: dict[str, tuple[int, ...]] = RIGHT, **given: Any) -> ComparisonText:
    spec = arms_spec(**{"published": WANG, **given})
    return text_of(compare(spec, arms_record(spec, right), folder, space="papers/two"))


def test_every_number_has_its_interval_and_n(tmp_path: Path) -> None:
    row = text(tmp_path).tables[0].rows[0]
    assert row[:2] == ("plain", "test, ours val")
    assert row[2] == "42.0 % [35.7, 48.8] (a), n = 216"
    assert row[3] == "42.0 % [16.6, 67.4] (b), n = 100, 2 seeds"


def test_a_number_without_n_says_so(tmp_path: Path) -> None:
    assert text(tmp_path).tables[0].rows[2][2] == "43.7 % [no interval], n unknown"


def test_missing_seeds_are_counted(tmp_path: Path) -> None:
    cells = text(tmp_path, {"plain": (40,), "cleaned": (50,)}).tables[0].rows[0]
    assert cells[3].endswith("n = 100, 1 of 2 seeds")


def test_every_letter_is_explained(tmp_path: Path) -> None:
    notes = " ".join(text(tmp_path).notes)
    assert "(a) Wilson: " in notes
    assert "(b) t over seeds: " in notes
    assert "Welch: " in notes


def test_four_points_on_216_images_are_inside_the_noise(tmp_path: Path) -> None:
    (line,) = [note for note in text(tmp_path).notes if note.startswith("published:")]
    assert "+4.0 points on 216 test images is inside the noise: z = 0.84" in line
    assert "about 11 seeds an arm" in line


def test_a_difference_beyond_noise_is_called_so(tmp_path: Path) -> None:
    rows = [{**row, "n": 7365} if "n" in row else row for row in WANG]
    (line,) = [note for note in text(tmp_path, published=rows).notes if note.startswith("published:")]
    assert "is beyond the noise: z = 4.89" in line


def test_paired_arms_are_a_table(tmp_path: Path) -> None:
    (row,) = text(tmp_path).tables[1].rows
    assert row[0] == "cleaned - plain"
    assert row[2].startswith("+7.0 [-31.1, +45.1]")
    assert (row[3], row[5]) == ("2 seeds, n = 100", "inside the noise")


def test_classes_are_a_table(tmp_path: Path) -> None:
    rows = [{**WANG[0], "hits": {"Happy": [7, 20]}}]
    table = text(tmp_path, published=rows).tables[-1]
    assert table.rows[0][:3] == ("plain", "Happy", "7/20 = 35.0 % [18.1, 56.7] (a)")
    assert table.rows[0][3].startswith("42/100 = 42.0 % [")


def test_a_cut_is_called_one(tmp_path: Path) -> None:
    spec = arms_spec(published=WANG)
    found = compare(spec, arms_record(arms_spec(base={"epochs": 2}), RIGHT), tmp_path, space="papers/two")
    assert "two is a cut of papers/two, not a reproduction: epochs 2 for 9" in text_of(found).notes


def test_a_reason_stands_below_the_table_under_its_number(tmp_path: Path) -> None:
    found = text(tmp_path)
    assert (found.tables[0].rows[2][5], found.notes[0]) == ("no (1)", "(1) quoted | elsewhere")


def test_one_reason_of_several_rows_has_one_number(tmp_path: Path) -> None:
    found = text(tmp_path, published=[*WANG, {**WANG[2], "row": "SVM & PHOG"}])
    assert [row[5] for row in found.tables[0].rows[2:]] == ["no (1)", "no (1)"]


def test_the_command_that_makes_a_missing_row_stands_below_the_table(tmp_path: Path) -> None:
    found = text(tmp_path, {"plain": (40, 44)})
    assert found.tables[0].rows[1][3] == "not run (1)"
    assert re.fullmatch(r"\(1\) not run: `.* sweep papers/two .*`", found.notes[0])


def test_markdown_escapes_bars(tmp_path: Path) -> None:
    lines = markdown(text(tmp_path)).splitlines()
    assert lines[2].startswith("| row | split |")
    assert {line.count("|") - line.count("\\|") for line in lines[2:7]} == {7}


@pytest.mark.parametrize("mark", [r"\toprule", r"\midrule", r"\bottomrule", r"SVM \& LPQ", r"42.0 \%", r"\textbar{}"])
def test_latex_is_escaped_and_ruled(tmp_path: Path, mark: str) -> None:
    assert mark in latex(text(tmp_path))


def test_latex_has_as_many_cells_as_columns(tmp_path: Path) -> None:
    table = latex(text(tmp_path)).split(r"\end{table}")[0]
    rows = [line for line in table.splitlines() if line.endswith(r" \\")]
    assert {line.count(" & ") for line in rows} == {5}


def test_pairs_that_differ_alike_are_not_called_too_few(tmp_path: Path) -> None:
    (row,) = text(tmp_path, {"plain": (40, 44), "cleaned": (40, 44)}).tables[1].rows
    assert (row[2], row[5]) == ("0.0 [no interval]", "no pair differs")


def test_a_single_pair_is_one_seed(tmp_path: Path) -> None:
    (row,) = text(tmp_path, {"plain": (40,), "cleaned": (50,)}).tables[1].rows
    assert (row[3], row[5]) == ("1 seed, n = 100", "too few pairs to say")
