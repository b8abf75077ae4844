"""Tables that fold: every cell is there, whole, whatever the width."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from ferray.cli.terminal.plain_table import print_table

COLUMNS = ("finalist", "recipe", "seeds", "UAR", "95 %")
ROWS = (("trial 3 of a-long-name", "abcd1234", "9", "0.701", "[0.66, 0.74]"), ("[b]", "ffff0000", "12", "0.5", ""))


def printed(width: int, total: tuple[str, ...] = ()) -> list[str]:
    out = Console(file=io.StringIO(), width=width, highlight=False, force_terminal=True, color_system=None)
    print_table(out, COLUMNS, ROWS, right=("seeds",), total=total)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [30, 45, 60, 80, 120])
def test_every_cell_stands_unbroken_at_any_width(width: int) -> None:
    text = "\n".join(printed(width))
    assert [cell for row in ROWS for cell in row if cell not in text] == []


@pytest.mark.parametrize("width", [30, 45, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(cell_len, printed(width))) <= width


def test_a_cell_that_does_not_fit_side_by_side_stands_by_its_name() -> None:
    assert any("95 % [0.66, 0.74]" in line for line in printed(45))


def test_an_empty_cell_is_not_named_when_folded() -> None:
    assert sum("95 %" in line for line in printed(45)) == 1


def test_numbers_end_below_the_end_of_their_name() -> None:
    lines = printed(120)
    end = next(line for line in lines if "seeds" in line).index("seeds") + len("seeds")
    assert [line[:end].split()[-1] for line in lines if "0.701" in line or "0.5" in line] == ["9", "12"]


def test_the_total_stands_below_a_gap() -> None:
    lines = [line.strip() for line in printed(120, total=("all", "", "21", "", "")) if line]
    last = next(index for index, line in enumerate(lines) if line.startswith("all"))
    assert lines[last - 1] == ""
    assert "[b]" in lines[last - 2]
