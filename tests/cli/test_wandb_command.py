"""`ferray wandb publish`: the specs of a sweep on stdout, wrong words, and what is printed of a publication."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from wandb_workspaces.reports.v2.internal import Spec
from wandb_workspaces.workspaces.internal import WorkspaceViewspec

from ferray.cli.app import run
from ferray.cli.commands.wandb import print_published
from ferray.publish.publishing import Published
from ferray.publish.sweep_run import SweepRun

OLD = Path(__file__).parents[1] / "written_by_0_1_0" / "plain"


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    return Path(shutil.copytree(OLD, tmp_path / "plain"))


def test_the_specs_alone_are_one_document_on_stdout(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["wandb", "publish", str(sweep), "--spec-only", "-"]) == 0
    document = json.loads(capsys.readouterr().out)
    WorkspaceViewspec.model_validate(document["view"]["spec"])
    Spec.model_validate(document["report"]["spec"])


def test_the_specs_alone_go_to_a_file(sweep: Path, tmp_path: Path) -> None:
    assert run(["wandb", "publish", str(sweep), "--spec-only", str(tmp_path / "specs.json")]) == 0
    assert json.loads((tmp_path / "specs.json").read_text())["sweep"] == "plain"


def test_a_file_for_specs_that_cannot_be_written_is_a_sentence(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["wandb", "publish", str(sweep), "--spec-only", str(sweep / "no" / "specs.json")]) == 3
    assert "--spec-only" in capsys.readouterr().err


def test_a_registry_that_can_be_none_is_refused(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["wandb", "publish", str(sweep), "--link", "a/b/c/d"]) == 2
    assert "`a/b/c/d` names no registry" in capsys.readouterr().err


def test_addresses_go_to_stdout_and_what_is_left_out_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    run_of_it = SweepRun("somebody", "ferray", "https://x/run", "plain-1", "")
    print_published(Published("plain", run_of_it, "https://x/view", left_out=("the report is not made",)))
    printed = capsys.readouterr()
    assert printed.out == "run: https://x/run\nbest model: plain-1\nsaved view: https://x/view\n"
    assert printed.err == "note: the report is not made\n"
