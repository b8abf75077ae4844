from __future__ import annotations

import json
from pathlib import Path

import pytest

from ferray.commands import command
from ferray.testing.command import ferray

SPACE = """
dataset: demo
arms: {plain: {}, cleaned: {outliers: bdr}}
published:
  - {row: without, arm: plain, value: 0.42, n: 216}
  - {row: "with BDR", arm: cleaned, value: 0.46, n: 216}
quick: {set: {epochs: 1}}
"""


@pytest.fixture
def space(tmp_path: Path) -> Path:
    path = tmp_path / "two.yaml"
    path.write_text(SPACE)
    return path


def test_rows_that_were_not_run_name_the_command(space: Path) -> None:
    ran = ferray("compare", space, "--output", space.parent / "runs", "--json")
    (first, _) = json.loads(ran.out)["rows"]
    asks = command("sweep", space, "--output", space.parent / "runs")
    assert (ran.code, first["missing"]) == (0, f"not run: `{asks}`")


def test_the_printed_difference_is_judged(space: Path) -> None:
    out = ferray("compare", space, "--output", space.parent).out
    assert "+4.0 points on 216 test images is inside the noise: z = 0.84" in out


def test_quick_compares_the_quick_sweep(space: Path) -> None:
    ran = ferray("compare", space, "--quick", "--output", space.parent, "--json")
    assert (json.loads(ran.out)["sweep"], json.loads(ran.out)["quick"]) == ("two-quick", True)


def test_a_name_that_no_sweep_has_is_refused(space: Path) -> None:
    ran = ferray("compare", space, "--name", "again", "--output", space.parent, "--json")
    assert (ran.code, "there is no sweep `again`" in ran.err) == (2, True)


@pytest.mark.parametrize(("option", "mark"), [("--markdown", "| --- |"), ("--latex", r"\toprule")])
def test_tables_for_papers_are_printed(space: Path, option: str, mark: str) -> None:
    assert mark in ferray("compare", space, option, "--output", space.parent).out


def test_two_forms_are_refused(space: Path) -> None:
    assert ferray("compare", space, "--markdown", "--latex").code == 2


def test_a_space_without_numbers_is_refused(tmp_path: Path) -> None:
    ran = ferray("compare", "demo", "--output", tmp_path)
    assert (ran.code, "`demo` quotes no published numbers" in ran.err) == (2, True)


def test_wangs_four_points_are_inside_the_noise(tmp_path: Path) -> None:
    out = ferray("compare", "papers/wang2020", "--output", tmp_path).out
    assert "+4.0 points on 216 test images is inside the noise: z = 0.84" in out
