"""`ferray report`: where the page goes, what is printed, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from shlex import quote

import pytest

from ferray.testing.command import ferray
from ferray.testing.html_page import read_page

WRITTEN = Path(__file__).parent.parent / "written_by_0_1_0"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    shutil.copytree(WRITTEN / "svm", tmp_path / "runs" / "svm")
    return tmp_path / "runs"


def test_the_page_lies_in_the_sweep_s_folder_and_is_named_on_stdout(runs: Path) -> None:
    ran = ferray("report", "svm", "--output", runs)
    assert (ran.code, ran.out) == (0, f"{runs / 'svm' / 'report.html'}\n")
    assert read_page((runs / "svm" / "report.html").read_text()).by_id("board").rows()


def test_the_page_goes_where_it_is_wanted(runs: Path, tmp_path: Path) -> None:
    ran = ferray("report", runs / "svm", "--to", tmp_path / "new" / "page.html")
    assert (ran.code, (tmp_path / "new" / "page.html").is_file()) == (0, True)


def test_json_says_what_was_written(runs: Path) -> None:
    ran = ferray("report", "svm", "--output", runs, "--json")
    file = runs / "svm" / "report.html"
    said = {"sweep": "svm", "file": str(file), "bytes": file.stat().st_size, "trials": 1}
    assert json.loads(ran.out) == said


def test_a_folder_in_the_place_of_a_file_is_refused(runs: Path, tmp_path: Path) -> None:
    ran = ferray("report", "svm", "--output", runs, "--to", tmp_path)
    assert (ran.code, f"error: `{tmp_path}` is a folder" in ran.err) == (2, True)


def test_the_option_for_the_folder_of_sweeps_is_not_mistaken_for_that_of_the_page(runs: Path) -> None:
    ran = ferray("report", runs / "svm", "--output", "page.html")
    assert (ran.code, "hint: the page goes to `--to page.html`" in ran.err) == (2, True)


def test_a_page_that_cannot_be_written_is_said_and_nothing_is_left(runs: Path) -> None:
    (runs / "file").touch()
    ran = ferray("report", "svm", "--output", runs, "--to", runs / "file" / "page.html")
    assert (ran.code, "cannot be written" in ran.err, ran.out) == (3, True, "")


def test_the_browser_of_this_machine_is_given_the_file(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > "{tmp_path}/asked"\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{quote(str(browser))} %s")
    assert ferray("report", "svm", "--output", runs, "--open").code == 0
    assert (tmp_path / "asked").read_text().strip() == (runs / "svm" / "report.html").as_uri()
