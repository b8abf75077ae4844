"""The notebook of docs/ runs, and shows what came of a real run of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import ROOT

FILE = ROOT / "docs" / "notebooks" / "sweep.ipynb"
CELLS: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))["cells"]
CODE = [cell for cell in CELLS if cell["cell_type"] == "code"]
LARGEST = 150_000  # bytes


@pytest.mark.slow
def test_its_cells_run_one_after_another(tmp_path: Path) -> None:
    script = tmp_path / "cells.py"
    script.write_text("\n\n".join("".join(cell["source"]) for cell in CODE), encoding="utf-8")
    environment = {**os.environ, "MPLBACKEND": "agg", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, script.name],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (done.stdout.startswith("trial "), done.stderr) == (True, "")


def test_every_cell_was_run_in_its_order() -> None:
    assert [cell["execution_count"] for cell in CODE] == list(range(1, len(CODE) + 1))


def test_no_cell_shows_an_error() -> None:
    assert [output for cell in CODE for output in cell["outputs"] if output["output_type"] == "error"] == []


def test_it_shows_a_leaderboard_and_pictures() -> None:
    kinds = {kind for cell in CODE for output in cell["outputs"] for kind in output.get("data", {})}
    assert {"text/html", "image/png"} <= kinds


def test_it_names_no_folder_of_a_machine_and_no_server() -> None:
    text = re.sub(r'"image/png": "[^"]*"', "", FILE.read_text(encoding="utf-8"))
    assert re.findall(r"/(?:home|root|tmp|work|Users|private|var)/|https?:", text) == []


def test_it_is_small() -> None:
    assert FILE.stat().st_size <= LARGEST
