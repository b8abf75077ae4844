"""What others have written leads nowhere, computes nothing and commands nothing."""

from __future__ import annotations

import ast
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import InMemoryStorage
from rich.table import Table
from rich.text import Text

import ferray
from ferray.cli.terminal.output import say, show
from ferray.cli.terminal.rich_console import PlainConsole
from ferray.errors import DataError
from ferray.study.history import read_sweep
from ferray.study.records import RESULT_ATTR, SCHEMA, SPEC_ATTR, TRIAL_ATTR
from ferray.text.sanitize import inside, read_cell, visible, write_rows

EVIL = "a\x1b]0;owned\x07\x9b2J\u202eb"
SHOWN = r"a\x1b]0;owned\x07\x9b2J\u202eb"


@pytest.mark.parametrize("path", ["trials/0000-1f3a9c2e", "", "trials/0/best.pt", "a..b"])
def test_paths_below_a_sweep_are_taken_as_they_are(path: str) -> None:
    assert inside(path, "trial 0") == path


@pytest.mark.parametrize("path", ["../../outside", "/etc", "trials/../../x", "..", "a\0b", 3, None, ["trials"]])
def test_paths_that_lead_out_of_a_sweep_are_refused(path: Any) -> None:
    with pytest.raises(DataError, match="folder of trial 0, which is not inside its sweep's"):
        inside(path, "trial 0")


def record_with(trial: dict[str, Any], result: dict[str, Any]) -> None:
    """Read a sweep of one trial that says so of itself."""
    store = InMemoryStorage()
    study = optuna.create_study(storage=store, study_name="x")
    objective = {"metric": "val/accuracy", "mode": "max"}
    study.set_user_attr(SPEC_ATTR, {"schema": SCHEMA, "identity": "", "spec": {}, "objective": objective})
    asked = study.ask()
    asked.set_user_attr(TRIAL_ATTR, {"config": {}, "recipe": "", "epochs": 1, **trial})
    asked.set_user_attr(RESULT_ATTR, {"outcome": "completed", "value": 0.5, **result})
    study.tell(asked, 0.5)
    read_sweep(store, "x")


@pytest.mark.parametrize(
    ("trial", "result"),
    [({"folder": "../../outside"}, {}), ({"folder": "trials/0"}, {"checkpoint": "/outside/best.pt"})],
)
def test_a_record_that_leads_out_of_its_sweep_is_not_read(trial: dict[str, Any], result: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="outside"):
        record_with(trial, result)


FORMULAS = ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''=1"]
CELLS = [*FORMULAS, "a\r=1", "it's", "'quoted'", "-0.5", "+1e-3", "-inf", ""]


def written(cells: list[Any]) -> list[str]:
    out = io.StringIO(newline="")
    write_rows(out, [cells])
    return next(csv.reader(io.StringIO(out.getvalue(), newline="")))


def test_no_cell_begins_as_a_formula_does() -> None:
    assert written(["=1+1", "@x", "-A1", "\t=1"]) == ["'=1+1", "'@x", "'-A1", "'\t=1"]


def test_numbers_stay_numbers() -> None:
    assert written(["-0.5", "+1e-3", -0.5, None]) == ["-0.5", "+1e-3", "-0.5", ""]


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_is_read_back_as_it_was(cell: str) -> None:
    assert read_cell(written([cell, "x"])[0]) == cell


def test_what_a_terminal_obeys_is_written_out() -> None:
    assert visible(EVIL) == SHOWN
    assert visible("a\tb\nc é 中 ±") == "a\tb\nc é 中 ±"


def test_lines_on_both_streams_command_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    say(EVIL)
    show(EVIL)
    out, err = capsys.readouterr()
    assert (out, err) == (f"{SHOWN}\n", f"{SHOWN}\n")


def test_tables_and_texts_of_rich_command_nothing_and_have_no_markup() -> None:
    out = io.StringIO()
    table = Table("[b]name[/b]")
    table.add_row(EVIL)
    console = PlainConsole(file=out, width=80)
    console.print(table)
    console.print(Text(EVIL))
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(out.getvalue())
    assert "[b]name[/b]" in out.getvalue()


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call in the package, with the file it stands in."""
    root = Path(ferray.__file__).parent
    for path in root.rglob("*.py"):
        if "testing" not in path.parts:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    yield path.relative_to(root).as_posix(), node


def test_csv_is_written_in_one_place() -> None:
    found = {file for file, call in calls() if ast.unparse(call.func) in ("csv.writer", "csv.DictWriter")}
    assert found == {"text/sanitize.py", "exports/predict_script.py"}  # which stands alone: its `cell` does the same


def test_whatever_is_printed_is_made_visible() -> None:
    prints = [(file, call) for file, call in calls() if ast.unparse(call.func) == "print"]
    ours = ("cli/terminal/output.py", "cli/app.py")  # JSON, which escapes, and the version
    raw = [(file, call) for file, call in prints if "visible(" not in ast.unparse(call)]
    others = [f"{file}:{call.lineno}" for file, call in raw if file not in ours]
    assert others == []


def test_consoles_of_rich_are_plain_ones() -> None:
    plain = "cli/terminal/rich_console.py"
    root = Path(ferray.__file__).parent
    of_rich = {path for path in root.rglob("cli/**/*.py") if "from rich.console import Console" in path.read_text()}
    files = {path.relative_to(root).as_posix() for path in of_rich}
    assert [file for file, call in calls() if file in files - {plain} and ast.unparse(call.func) == "Console"] == []
