"""One real sweep on Ray, looked at from outside: its exit code, its leaderboard, and what other tools read of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import optuna_dashboard
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from ferray.testing.command import ferray

pytestmark = pytest.mark.ray

CHANCE = 1 / 7
KEY = "0123456789abcdef0123456789abcdef01234567"  # shaped like a W&B key, and none
# Four rates that learn, then four that stay at chance and cannot but be pruned.
SPACE = """
dataset: {demo: {num_train: 1200, num_val: 140, num_test: 7, label_noise: 0.0}}
budget: {trials: 8}
sampler: random
pruner: {median: {startup_trials: 2}}
base: {image_size: 32, augment: none, backbone: {tiny_cnn: {width: 12, depth: 3}}, batch_size: 32, epochs: 6}
space:
  optimizer.lr: {grid: [4.0e-3, 3.0e-3, 5.0e-3, 2.0e-3, 1.0e-9, 2.0e-9, 3.0e-9, 4.0e-9]}
"""

# `wandb leet inspect --summary --json DIR`, then the same without `--summary`, for one folder after another.
READ_ALL = """
import contextlib, sys
from wandb.cli.cli import cli
for folder in sys.argv[1:]:
    for option in (["--summary"], []):
        print("=== next", flush=True)
        with contextlib.suppress(SystemExit):
            cli(["leet", "inspect", *option, "--json", folder])
"""


@dataclass(frozen=True)
class Swept:
    """A sweep that has ended: how, where, and the leaderboard's JSON."""

    done: subprocess.CompletedProcess[str]
    home: Path
    folder: Path
    board: dict[str, Any]

    @property
    def trials(self) -> list[dict[str, Any]]:
        """The leaderboard's, in order of number."""
        return sorted(self.board["trials"], key=lambda trial: int(trial["number"]))


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Swept:
    """`ferray sweep` on two slots with W&B offline, in a home of its own that knows a key."""
    home = tmp_path_factory.mktemp("home")
    (home / "small.yaml").write_text(SPACE)
    command = [sys.executable, "-m", "cli", "sweep", str(home / "small.yaml"), "--output", str(home / "runs")]
    place = {"HOME": str(home), "FERRAY_CACHE": str(shared_cache), "WANDB_MODE": "offline", "WANDB_API_KEY": KEY}
    done = subprocess.run(
        [*command, "--max-concurrent", "2"],
        env={**os.environ, **place},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    board = ferray("leaderboard", "small", "--output", home / "runs", "--json")
    return Swept(done, home, home / "runs/small", json.loads(board.out or "{}"))


@pytest.fixture(scope="module")
def runs(swept: Swept) -> dict[int, dict[str, Any]]:
    """Each offline run by its trial's number: W&B's own summary of it, and its rows of history."""
    folders = [str(folder) for folder in sorted(swept.folder.glob("wandb/offline-run-*"))]
    command = [sys.executable, "-c", READ_ALL, *folders]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("=== next\n")[1:]
    read = [
        json.loads(summary) | {"history": history_rows(records)}
        for summary, records in zip(printed[::2], printed[1::2], strict=True)
    ]
    return {run["config"]["trial"]: run for run in read}


def history_rows(records: str) -> list[dict[str, Any]]:
    """The epochs among a run's records, one JSON object a line."""
    found = [json.loads(line) for line in records.splitlines()]
    rows = [record["history"]["item"] for record in found if "history" in record]
    return [row for row in rows if "val/uar" in row]


def dashboard(folder: Path, path: str) -> dict[str, Any]:
    """What optuna-dashboard answers to GET `path` over the journal in `folder`; no port is bound."""
    application = optuna_dashboard.wsgi(JournalStorage(JournalFileBackend(str(folder / "study.journal"))))
    request: dict[str, Any] = {"PATH_INFO": path}
    setup_testing_defaults(request)
    status: list[str] = []
    body = b"".join(application(request, lambda line, *_: status.append(line)))
    assert status == ["200 OK"]
    answer: dict[str, Any] = json.loads(body)
    return answer


def test_sweep_ends_with_exit_code_zero(swept: Swept) -> None:
    assert swept.done.returncode == 0, swept.done.stderr


def test_every_trial_completed_or_was_pruned_and_both_happened(swept: Swept) -> None:
    assert len(swept.trials) == 8
    assert {trial["state"] for trial in swept.trials} == {"complete", "pruned"}


def test_rates_that_cannot_learn_are_pruned(swept: Swept) -> None:
    hopeless = [trial["state"] for trial in swept.trials if trial["params"]["optimizer.lr"] < 1e-6]
    assert hopeless == ["pruned"] * 4


def test_best_uar_is_far_above_chance(swept: Swept) -> None:
    assert swept.board["trials"][0]["value"] > 2 * CHANCE


def test_best_checkpoint_is_where_the_leaderboard_says(swept: Swept) -> None:
    assert (swept.folder / swept.board["trials"][0]["checkpoint"]).is_file()


def test_dashboard_lists_the_study(swept: Swept) -> None:
    (study,) = dashboard(swept.folder, "/api/studies")["study_summaries"]
    assert (study["study_name"], study["directions"]) == ("small", ["maximize"])


def test_dashboard_shows_every_trial_in_its_state(swept: Swept) -> None:
    trials = dashboard(swept.folder, "/api/studies/0")["trials"]
    assert [trial["state"].lower() for trial in trials] == [trial["state"] for trial in swept.trials]


def test_dashboard_has_the_leaderboards_best(swept: Swept) -> None:
    best = dashboard(swept.folder, "/api/studies/0")["best_trials"]
    assert [trial["number"] for trial in best] == [swept.board["trials"][0]["number"]]


def test_each_trial_has_one_offline_run(swept: Swept, runs: dict[int, dict[str, Any]]) -> None:
    assert len(list(swept.folder.glob("wandb/offline-run-*"))) == len(runs) == 8


def test_runs_hold_the_configurations(swept: Swept, runs: dict[int, dict[str, Any]]) -> None:
    rates = {number: run["config"]["p/optimizer/lr"] for number, run in runs.items()}
    assert rates == {trial["number"]: trial["params"]["optimizer.lr"] for trial in swept.trials}


def test_runs_hold_a_row_of_history_an_epoch(swept: Swept, runs: dict[int, dict[str, Any]]) -> None:
    epochs = {number: [row["epoch"] for row in run["history"]] for number, run in runs.items()}
    assert epochs == {trial["number"]: list(range(1, trial["epochs"] + 1)) for trial in swept.trials}


def test_runs_hold_the_best_values(swept: Swept, runs: dict[int, dict[str, Any]]) -> None:
    best = {number: run["summary"]["best/val/uar"] for number, run in runs.items()}
    assert best == pytest.approx({trial["number"]: trial["value"] for trial in swept.trials})


def test_key_is_in_no_file(swept: Swept) -> None:
    files = [file for file in swept.home.rglob("*") if file.is_file()]
    assert [str(file) for file in files if KEY.encode() in file.read_bytes()] == []


def test_key_is_not_printed(swept: Swept) -> None:
    assert KEY not in swept.done.stdout + swept.done.stderr
