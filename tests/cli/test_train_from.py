"""`ferray train --from SWEEP:17`, and `ferray sweep --enqueue` with what a leaderboard prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ferray.study.history import load_sweep
from ferray.testing.command import Ran, ferray, sweep, swept

TINY = """
dataset: {demo: {num_train: 28, num_val: 14, num_test: 7}}
objective: {metric: val/accuracy, epoch: last}
budget: {trials: 2}
sampler: random
pruner: none
base: {image_size: 16, augment: none, backbone: {tiny_cnn: {width: 4, depth: 2}}, batch_size: 14, epochs: 2}
space: {optimizer.lr: {log_uniform: [1e-3, 1e-2]}}
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sweep `tiny` of two trials."""
    return swept(tmp_path_factory.mktemp("from") / "tiny.yaml", TINY)


def trained(ran: Ran) -> dict[str, Any]:
    assert ran.code == 0, ran.err
    folder = Path(json.loads(ran.out)["folder"])
    config: dict[str, Any] = json.loads((folder / "config.json").read_text())
    return {"folder": folder, "config": config}


def test_a_trial_is_trained_again_in_a_folder_of_its_own(runs: Path) -> None:
    again = trained(ferray("train", "--from", f"{runs / 'tiny'}:1", "--json"))
    second = load_sweep(runs / "tiny").trials[1]
    assert (again["config"], again["folder"].parent) == (second.config, runs / "train")
    assert again["folder"].name == f"tiny-1-{second.recipe}-s0"


def test_the_same_seed_gives_the_same_epochs(runs: Path) -> None:
    again = trained(ferray("train", "--from", "tiny:0", "--output", runs, "--json"))
    first = runs / "tiny" / load_sweep(runs / "tiny").trials[0].folder
    losses = [
        [json.loads(line)["metrics"]["val/loss"] for line in (folder / "history.jsonl").read_text().splitlines()]
        for folder in (first, again["folder"])
    ]
    assert losses[0] == losses[1]


def test_set_and_seed_change_it(runs: Path) -> None:
    how = ("--set", "batch_size=7", "--seed", 3, "--epochs", 1)
    config = trained(ferray("train", "--from", f"{runs / 'tiny'}:best", *how, "--json"))["config"]
    assert (config["batch_size"], config["seed"], config["epochs"]) == (7, 3, 1)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--from", "tiny:9"], "`tiny` has no trial `9`"),
        (["--from", "tinny:1"], "did you mean `tiny`?"),
        (["--from", "tiny"], "`--from tiny` names no trial"),
        (["--from", "tiny:first"], "`--from tiny:first` names no trial"),
        (["demo", "--from", "tiny:1"], "both a space and `--from` are given"),
        (["--from", "tiny:1", "--quick"], "`--quick` cuts a space"),
        (["--from", "tiny:1", "--set", "batch_size=1"], "`--set batch_size=1`: allowed is at least `2`"),
        ([], "no configuration is named"),
    ],
)
def test_what_names_no_trial_is_refused(runs: Path, args: list[str], words: str) -> None:
    ran = ferray("train", *args, "--output", runs)
    assert (ran.code, words in ran.err) == (2, True), ran.err


def test_a_training_begins_with_the_weights_of_a_trial(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "child.yaml").write_text(f"{TINY}\n")
    ran = ferray("train", tmp_path / "child.yaml", "--set", "init_from=tiny:best", "--output", runs, "--json")
    assert json.loads((trained(ran)["folder"] / "init.json").read_text())


def test_a_sweep_asks_the_best_of_another_first_and_once(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    (tmp_path / "best.json").write_text(ferray("leaderboard", runs / "tiny", "--json", "--limit", 1).out)
    ran = sweep(tmp_path / "tiny.yaml", "--enqueue", tmp_path / "best.json")
    assert "1 set of parameters is asked first" in ran.err
    again = sweep(tmp_path / "tiny.yaml", "--enqueue", tmp_path / "best.json", "--trials", 3)
    assert "asked first" not in again.err
    best = json.loads((tmp_path / "best.json").read_text())["trials"][0]["params"]
    asked = [trial.params for trial in load_sweep(tmp_path / "runs" / "tiny").trials]
    assert (len(asked), asked[0], asked.count(best)) == (3, best, 1)


def test_a_value_outside_the_space_is_refused_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    (tmp_path / "sets.yaml").write_text("- {optimizer.lr: 5}\n")
    ran = sweep(tmp_path / "tiny.yaml", "--enqueue", tmp_path / "sets.yaml")
    assert (ran.code, "`optimizer.lr` is `5`, the space has `0.001` to `0.01`" in ran.err) == (2, True)
    assert not (tmp_path / "runs" / "tiny").exists()


def test_a_dry_run_shows_what_is_asked_first(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    (tmp_path / "sets.yaml").write_text("- {lr: 2e-3}\n")
    ran = sweep(tmp_path / "tiny.yaml", "--enqueue", tmp_path / "sets.yaml", "--dry-run", "--json")
    assert json.loads(ran.out)["asked_first"] == [{"optimizer.lr": 2e-3}]
