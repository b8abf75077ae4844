"""Sweeps that the code before the rooms were rebuilt had left: read as they were, and gone on with.

`written_by_0_1_0` holds three folders of the inline launcher on drawn faces. `plain` was killed in epoch 5 of trial 1,
whose checkpoint holds two, `folded` in its second fold, `svm` had ended. Beside each lies what that code said of it.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ferray.apps.overview import list_sweeps
from ferray.results.sweep import load
from ferray.study.history import load_sweep
from ferray.testing.command import INLINE, Ran, ferray

WRITTEN = Path(__file__).with_name("written_by_0_1_0")
SWEEPS = ("plain", "folded", "svm")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of results that holds copies of all three."""
    output = tmp_path_factory.mktemp("before") / "runs"
    shutil.copytree(WRITTEN, output)
    return output


@pytest.fixture(scope="module")
def gone_on(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, each gone on with to its end."""
    output = tmp_path_factory.mktemp("after") / "runs"
    shutil.copytree(WRITTEN, output)
    for name in SWEEPS:
        ran = go_on(output, name)
        assert ran.code == 0, ran.err
    return output


def go_on(output: Path, name: str) -> Ran:
    return ferray("sweep", output / name / "sweep.yaml", "--name", name, "--output", output, *INLINE)


def said(name: str, of: str) -> Any:
    return json.loads((WRITTEN / f"{name}.{of}.json").read_text())


def lines(trial: Path) -> list[str]:
    return (trial / "history.jsonl").read_text().splitlines()


@pytest.mark.parametrize("name", SWEEPS)
def test_the_leaderboard_says_what_it_said(runs: Path, name: str) -> None:
    ran = ferray("leaderboard", name, "--json", "--output", runs)
    assert json.loads(ran.out)["trials"] == said(name, "leaderboard")["trials"]


@pytest.mark.parametrize("name", ["plain", "svm"])
def test_the_best_weights_answer_as_they_did(runs: Path, name: str) -> None:
    assert ferray("evaluate", name, "--output", runs).code == 0
    (judged,) = (json.loads(path.read_text()) for path in (runs / name).glob("trials/*/test.json"))
    before = said(name, "test")
    assert (judged["n"], judged["epoch"], judged["checkpoint"], judged["data"]) == (
        *(before["n"], before["epoch"]),
        *(before["checkpoint"], before["data"]),
    )
    assert judged["metrics"]["test/loss"] == pytest.approx(before["metrics"]["test/loss"], rel=1e-4)


def test_finished_trials_stay_and_the_killed_one_goes_on_from_its_checkpoint(gone_on: Path) -> None:
    first, killed, retry, third = load_sweep(gone_on / "plain").trials
    outcomes = (first.outcome, killed.outcome, retry.outcome, third.outcome)
    assert outcomes == ("completed", "orphaned", "completed", "completed")
    before, after = lines(gone_on / "plain" / killed.folder), lines(gone_on / "plain" / retry.folder)
    assert (retry.recipe, len(after)) == (killed.recipe, 6)
    assert after[:2] == before[:2]  # times included: they were not trained again


def test_the_killed_fold_goes_on_from_its_checkpoint(gone_on: Path) -> None:
    killed, retry, second = load_sweep(gone_on / "folded").trials
    assert (killed.outcome, retry.outcome, second.outcome) == ("orphaned", "completed", "completed")
    assert lines(gone_on / "folded" / retry.folder)[:4] == lines(gone_on / "folded" / killed.folder)[:4]


def test_what_follows_has_the_recipes_that_it_had(gone_on: Path) -> None:
    recipes = {trial.recipe for trial in load_sweep(gone_on / "svm").trials}
    assert said("svm", "leaderboard")["trials"][0]["recipe"] in recipes


@pytest.mark.parametrize("name", SWEEPS)
def test_python_reads_them_as_the_command_does(runs: Path, name: str) -> None:
    sweep = load(runs / name)
    assert json.loads(json.dumps(sweep.leaderboard())) == said(name, "leaderboard")["trials"]


def test_their_trials_have_their_epochs_and_their_weights(runs: Path) -> None:
    trial = load(runs / "plain").trial(0)
    answers = trial.load()(np.zeros((1, 40, 40, 3), dtype=np.uint8))
    assert (len(trial.history), answers.shape) == (6, (1, 7))


def test_they_are_listed(runs: Path) -> None:
    assert [(line.name, line.state) for line in list_sweeps(runs)] == [
        ("folded", "died"),
        ("plain", "died"),
        ("svm", "finished"),
    ]
