"""The tables that `make bench` writes, and the parts that it runs."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest

from bench.__main__ import PAGE, PARTS, WITHIN_S, Part
from bench.tables import ROWS_KEPT, added, cell, parsed, with_rows

PAGE_OF_ONE = "# By hand\n<!-- bench: data -->\n<!-- end -->\nBy hand too\n"


def record(value: float, *, machine: str = "2 cores", met: bool = True, **figures: Any) -> dict[str, Any]:
    figure = {"value": value, "unit": "s", "at_most": 1.0, "met": met}
    return {
        "benchmark": "data",
        "began": "2026-11-27T01:00:00+00:00",
        "environment": {"machine": machine, "commit": "abc1234"},
        "load": {"before": 0.31, "after": 0.4},
        "figures": {"ready": figure, **figures},
    }


def test_first_row_has_no_ratio_to_one_before() -> None:
    table = parsed(with_rows(PAGE_OF_ONE, record(0.5)))
    assert table == [
        ["run", "commit", "machine", "load", "ready"],
        ["2026-11-27", "abc1234", "2 cores", "0.3", "0.5"],
    ]


def test_row_says_what_it_is_of_the_last_one() -> None:
    page = with_rows(with_rows(PAGE_OF_ONE, record(0.5)), record(0.6))
    assert parsed(page)[-1][-1] == "0.6 (x1.20)"


def test_last_row_is_of_the_same_kind_of_machine() -> None:
    page = with_rows(with_rows(PAGE_OF_ONE, record(0.5)), record(9.0, machine="64 cores"))
    assert parsed(with_rows(page, record(0.25)))[-1][-1] == "0.25 (x0.50)"


def test_broken_promise_is_bold() -> None:
    assert cell({"value": 3.0, "floor": 1.0, "ratio": 3.0, "met": False}, "**2** (x1.00)") == "**3** (x1.50)"


def test_ratio_to_the_floor_is_what_a_row_has() -> None:
    assert cell({"value": 3.0, "floor": 2.0, "ratio": 1.5, "met": True}, "") == "1.5"


def test_new_figure_is_a_column_that_older_rows_leave_empty() -> None:
    table = added(added([], record(0.5)), record(0.5, memory={"value": 1.2, "unit": "times the pack"}))
    assert [row[-1] for row in table] == ["memory", "", "1.2"]


def test_oldest_rows_of_a_machine_go() -> None:
    table: list[list[str]] = added([], record(9.0, machine="64 cores"))
    for value in range(1, ROWS_KEPT + 2):
        table = added(table, record(float(value)))
    assert [row[-1].split()[0] for row in table[1:]] == ["9", *(str(value) for value in range(2, ROWS_KEPT + 2))]


def test_what_is_written_by_hand_stays() -> None:
    page = with_rows(PAGE_OF_ONE, record(0.5))
    assert page.startswith("# By hand\n")
    assert page.endswith("<!-- end -->\nBy hand too\n")


def test_page_without_the_table_is_an_error() -> None:
    with pytest.raises(ValueError, match="bench: data"):
        with_rows("# By hand\n", record(0.5))


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_part_is_a_module_with_a_table_on_the_page(part: Part) -> None:
    assert find_spec(f"bench.{part.name}") is not None
    assert f"<!-- bench: {part.name} -->\n" in PAGE.read_text()


def test_parts_fit_into_what_all_may_take() -> None:
    assert sum(part.about_s for part in PARTS) <= WITHIN_S
