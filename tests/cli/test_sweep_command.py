"""`ferray sweep` on the inline launcher: real trainings of a second, and every wrong way to ask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ferray.testing.command import Ran, ferray

TINY = """
dataset: {demo: {num_train: 140, num_val: 70, num_test: 70}}
budget: {trials: 2}
sampler: random
pruner: none
base: {image_size: 32, augment: none, backbone: {tiny_cnn: {width: 4, depth: 3}}, batch_size: 32, epochs: 1}
space:
  optimizer.lr: {log_uniform: [1e-3, 1e-2]}
  imbalance: {one_of: [none, {focal: {gamma: {uniform: [0.5, 4.0]}}}]}
"""


@pytest.fixture
def space(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    return path


def sweep(space: Path, *args: object) -> Ran:
    return ferray("sweep", space, "--launcher", "inline", "--tracker", "none", "--output", space.parent / "runs", *args)


def board(ran: Ran) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(ran.out)
    return document


def test_sweep_ends_with_a_leaderboard_on_stdout(space: Path) -> None:
    ran = sweep(space)
    assert ran.code == 0, ran.err
    assert "val/uar" in ran.out
    assert "trial 0" in ran.err


def test_json_is_one_document_that_keeps_the_contract(space: Path) -> None:
    document = board(sweep(space, "--json"))
    assert document["sweep"] == "tiny"
    assert document["objective"] == {"metric": "val/uar", "mode": "max"}
    promised = {
        "number",
        "state",
        "value",
        "epochs",
        "recipe",
        "params",
        "metrics",
        "num_val",
        "interval",
        "checkpoint",
    }
    assert promised <= document["trials"][0].keys()
    assert (space.parent / "runs" / "tiny" / document["trials"][0]["checkpoint"]).is_file()


def test_same_command_again_runs_nothing_twice(space: Path) -> None:
    first, second = board(sweep(space, "--json")), board(sweep(space, "--json"))
    assert first == second


def test_more_trials_extend_the_sweep(space: Path) -> None:
    sweep(space)
    assert len(board(sweep(space, "--trials", 3, "--json"))["trials"]) == 3


def test_fresh_puts_the_earlier_sweep_aside(space: Path) -> None:
    sweep(space, "--trials", 1)
    sweep(space, "--trials", 1, "--fresh")
    assert len(list((space.parent / "runs").glob("tiny*"))) == 2


def test_name_starts_a_second_sweep_over_the_same_space(space: Path) -> None:
    assert board(sweep(space, "--trials", 1, "--name", "other", "--json"))["sweep"] == "other"
    assert (space.parent / "runs" / "other" / "study.journal").is_file()


def test_folder_keeps_the_space_verbatim_and_the_environment(space: Path) -> None:
    sweep(space, "--trials", 1)
    folder = space.parent / "runs" / "tiny"
    assert (folder / "sweep.yaml").read_text() == TINY
    assert json.loads((folder / "environment.json").read_text())["versions"]["optuna"][0].isdigit()
    assert json.loads((folder / "resolved.json").read_text())["name"] == "tiny"


def test_dry_run_says_what_would_run_and_starts_nothing(space: Path) -> None:
    ran = sweep(space, "--dry-run", "--json")
    assert board(ran)["trials"] == 2
    assert not (space.parent / "runs" / "tiny").exists()


def test_same_seed_gives_the_same_numbers(space: Path) -> None:
    first, second = (
        board(sweep(space, "--json", "--seed", 3)),
        board(sweep(space, "--json", "--seed", 3, "--name", "twin")),
    )
    assert [trial["metrics"]["val/loss"] for trial in first["trials"]] == [
        trial["metrics"]["val/loss"] for trial in second["trials"]
    ]


def test_leaderboard_command_reads_the_store(space: Path) -> None:
    swept = board(sweep(space, "--json"))
    assert board(ferray("leaderboard", "tiny", "--output", space.parent / "runs", "--json")) == swept


def test_leaderboard_csv_has_a_line_a_trial(space: Path) -> None:
    sweep(space)
    assert len(ferray("leaderboard", "tiny", "--output", space.parent / "runs", "--csv").out.splitlines()) == 3


def test_quiet_sweep_prints_nothing_but_the_result(space: Path) -> None:
    assert sweep(space, "--quiet", "--trials", 1).err == ""


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["--trials", 0], 2, "budget.trials: is `0`"),
        (["--trials", "x"], 2, "--trials"),
        (["--set", "imbalance=focall"], 2, "did you mean `focal`?"),
        (["--set", "imbalance.focal.gamma=9"], 2, "reaches `9`"),
        (["--set", "epochs"], 2, "not KEY=VALUE"),
        (["--launcher", "rya"], 2, "did you mean `ray`?"),
        (["--sampler", "tpee"], 2, "did you mean `tpe`?"),
        (["--pruner", "hyperbend"], 2, "did you mean `hyperband`?"),
        (["--tracker", "wandbb"], 2, "did you mean `wandb`?"),
        (["--time-budget", "soon"], 2, "not a length of time"),
        (["--device", "tpu"], 2, "--device"),
        (["--cpus-per-trial", 0], 2, "--cpus-per-trial"),
        (["--set", "dataset=sfew", "--data-root", "/nowhere"], 3, "`sfew` is not under"),
        (["--set", "backbone={timm: {name: resnet19}}"], 2, "resnet1"),
        (["--output", "/proc/nowhere"], 2, "cannot be written"),
        (["--gpus-per-trial", 64, "--launcher", "ray"], 5, "64"),
        (["--frobnicate"], 2, "--frobnicate"),
    ],
)
def test_wrong_question_gets_one_sentence_a_hint_and_its_exit_code(
    space: Path, args: list[object], code: int, words: str
) -> None:
    ran = sweep(space, *args)
    assert ran.code == code, ran.err
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""


def test_changed_space_under_the_same_name_is_refused(space: Path) -> None:
    sweep(space, "--trials", 1)
    ran = sweep(space, "--set", "epochs=2")
    assert ran.code == 2
    assert "`base.epochs`" in ran.err
    assert "--name" in ran.err


def test_trial_that_fails_leaves_its_traceback_and_ends_with_4(space: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("ferray.train.trainer.assemble", explode)
    ran = sweep(space)
    assert ran.code == 4
    assert "RuntimeError: a bug" in ran.err
    (first, *_) = sorted((space.parent / "runs" / "tiny" / "trials").glob("*/error.txt"))
    assert "Traceback" in first.read_text()


def test_interrupted_sweep_exits_130_and_goes_on_later(space: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("ferray.train.trainer.assemble", interrupt)
        ran = sweep(space)
    assert ran.code == 130
    assert "run the same command again" in ran.err
    states = [trial["outcome"] for trial in board(sweep(space, "--json"))["trials"]]
    assert sorted(states) == ["completed", "completed", "interrupted"]
