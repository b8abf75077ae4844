"""`ferray sweep` on the inline launcher: real trainings of a second, and every wrong way to ask."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from pathlib import Path
from typing import Any

import optuna
import pytest

from ferray.study.store import open_store
from ferray.testing.command import Ran, ferray, sweep
from tests.cli.conftest import TINY


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


def test_the_first_line_says_what_is_checked_and_where_it_lies(space: Path) -> None:
    first = sweep(space, "--dry-run").err.splitlines()[0]
    assert first == f"checking `tiny`: space `{space}`, data root `data`, results in `{space.parent}/runs/tiny`"


def test_a_continued_sweep_says_what_it_found(space: Path) -> None:
    best = board(sweep(space, "--json"))["trials"][0]
    ran = sweep(space, "--trials", 3)
    assert (
        f"going on with `tiny`: 2 finished (2 completed), best {best['value']:.3f} (trial {best['number']})" in ran.err
    )


def test_a_new_sweep_has_found_nothing(space: Path) -> None:
    assert "going on" not in sweep(space, "--trials", 1).err


def test_ctrl_c_during_the_check_says_that_nothing_was_started(space: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ferray.sweeps.check.check_sweep", interrupt)
    ran = sweep(space)
    assert (ran.code, "interrupted during the check: no trial was started" in ran.err) == (130, True)


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


def test_environments_that_a_sweep_has_run_in_are_kept(space: Path) -> None:
    sweep(space, "--trials", 1)
    file = space.parent / "runs" / "tiny" / "environment.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "host": "another"}))
    sweep(space, "--trials", 2)
    assert [known["host"] for known in json.loads(file.read_text())["former"]] == ["another"]


def test_the_commands_that_made_a_sweep_are_kept_the_latest_first(space: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for trials in ("1", "2", "2"):
        monkeypatch.setattr("sys.argv", ["/nowhere/bin/ferray", "sweep", "tiny", "--trials", trials])
        sweep(space, "--trials", trials)
    kept = json.loads((space.parent / "runs" / "tiny" / "environment.json").read_text())["commands"]
    assert [line.split(" ", 1)[1] for line in kept] == ["sweep tiny --trials 2", "sweep tiny --trials 1"]


def test_the_same_environment_is_kept_once(space: Path) -> None:
    sweep(space, "--trials", 1)
    sweep(space, "--trials", 2)
    assert "former" not in json.loads((space.parent / "runs" / "tiny" / "environment.json").read_text())


def test_a_sweep_begins_with_the_one_it_comes_after(space: Path) -> None:
    second = space.parent / "second.yaml"
    second.write_text(f"{TINY}\nname: second\nafter: {space}\n")
    ran = sweep(second, "--json")
    assert "note: first `tiny`" in ran.err
    assert board(ran)["sweep"] == "second"
    assert (space.parent / "runs" / "tiny" / "study.journal").is_file()


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


def test_quiet_sweep_keeps_wandb_silent_and_only_while_it_runs(space: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    monkeypatch.delenv("WANDB_SILENT", raising=False)
    monkeypatch.setattr("ferray.sweeps.run.run_sweep", lambda *_, **__: heard.append(os.environ["WANDB_SILENT"]))
    monkeypatch.setattr("ferray.cli.commands.sweep._print_end", lambda *_, **__: None)
    sweep(space, "--quiet")
    assert (heard, "WANDB_SILENT" in os.environ) == (["true"], False)


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["--trials", 0], 2, "`--trials 0`: allowed is at least `1`"),
        (["--trials", "x"], 2, "error: `--trials x`: expected is a whole number\n"),
        (["--gpus-per-trial", "many"], 2, "error: `--gpus-per-trial many` is no number of GPUs\n"),
        (["--seeds", 0], 2, "error: `--seeds 0`: allowed is at least `1`\n"),
        (["--tracker", "foo"], 2, "known names: console, none, tensorboard, wandb"),
        (["--set", "imbalance=focall"], 2, "did you mean `focal`?"),
        (["--set", "imbalance.focal.gamma=9"], 2, "`--set imbalance.focal.gamma=9`: allowed is at most `5`"),
        (["--set", "epochs"], 2, "not KEY=VALUE"),
        (["--launcher", "rya"], 2, "did you mean `ray`?"),
        (["--sampler", "tpee"], 2, "did you mean `tpe`?"),
        (["--pruner", "hyperbend"], 2, "did you mean `hyperband`?"),
        (["--tracker", "wandbb"], 2, "did you mean `wandb`?"),
        (["--tracker", "wandb", "--wandb-project", "us/faces"], 2, "`--wandb-entity us --wandb-project faces`"),
        (["--batch-size", "32"], 2, "hint: a key of a trial is changed by `--set batch_size=...`"),
        (["--lr", "0.1"], 2, "hint: a key of a trial is changed by `--set optimizer.lr=...`"),
        (["--learning-rate", "0.1"], 2, "hint: a key of a trial is changed by `--set optimizer.lr=...`"),
        (["--gpus", "2"], 2, "sweep --help`"),
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


def test_an_unknown_launcher_is_refused_before_anything_is_looked_at(space: Path) -> None:
    ran = ferray("sweep", space, "--launcher", "slurm", "--output", space.parent / "runs")
    assert (ran.code, ran.err.splitlines()[0]) == (2, "error: `slurm` is not a launcher")


def test_changed_space_under_the_same_name_is_refused(space: Path) -> None:
    sweep(space, "--trials", 1)
    ran = sweep(space, "--set", "epochs=2")
    assert ran.code == 2
    assert "`base.epochs`" in ran.err
    assert "--name" in ran.err


def test_trial_that_fails_leaves_its_traceback_and_ends_with_4(space: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("ferray.training.network_trainer.assemble", explode)
    ran = sweep(space)
    assert ran.code == 4
    assert "RuntimeError: a bug" in ran.err
    (first, *_) = sorted((space.parent / "runs" / "tiny" / "trials").glob("*/error.txt"))
    assert "Traceback" in first.read_text()


def test_interrupted_sweep_exits_130_and_goes_on_later(space: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("ferray.training.network_trainer.assemble", interrupt)
        ran = sweep(space)
    assert ran.code == 130
    assert "stopping: asking 1 trial to save" in ran.err
    assert "run the same command again" in ran.err
    again = sweep(space, "--json")
    assert "going on with `tiny`: 0 finished, 1 asked again" in again.err
    assert sorted(trial["outcome"] for trial in board(again)["trials"]) == ["completed", "completed", "interrupted"]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("optimizer.lr.foo=5", "goes deeper than `optimizer.lr`"),
        ("dataset.fer2013.seed=9", "`fer2013` has no parameter `seed`"),
        ("objective.mode=min", "is better the higher"),
        ("epochs={uniform: [2, 6]}", "expected is a whole number"),
        ("image_size=8", "at least `16`"),
    ],
)
def test_set_that_reaches_nothing_is_refused(space: Path, item: str, words: str) -> None:
    ran = sweep(space, "--set", item, "--dry-run")
    assert ran.code == 2, ran.out
    assert words in ran.err


def test_metric_brings_its_direction(space: Path) -> None:
    assert (
        board(sweep(space, "--set", "objective.metric=val/loss", "--dry-run", "--json"))["objective"]["mode"] == "min"
    )


def test_sweep_put_aside_can_still_be_read(space: Path) -> None:
    sweep(space, "--trials", 1)
    (space.parent / "runs" / "tiny").rename(space.parent / "runs" / "old")
    assert len(board(ferray("leaderboard", "old", "--output", space.parent / "runs", "--json"))["trials"]) == 1


def test_fresh_leaves_a_running_sweep_alone(space: Path) -> None:
    sweep(space, "--trials", 1)
    folder = space.parent / "runs" / "tiny"
    with (folder / "driver.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = sweep(space, "--fresh")
    assert (ran.code, "is being run by" in ran.err) == (2, True)
    assert folder.is_dir()


def test_fresh_with_a_database_is_refused(space: Path) -> None:
    ran = sweep(space, "--fresh", "--storage", f"sqlite:///{space.parent}/s.db")
    assert (ran.code, "--name" in ran.err) == (2, True)


def test_foreign_study_of_the_same_name_is_not_adopted(space: Path) -> None:
    folder = space.parent / "runs" / "tiny"
    folder.mkdir(parents=True)
    optuna.create_study(storage=open_store(folder), study_name="tiny", direction="minimize")
    ran = sweep(space)
    assert (ran.code, "not written by ferray" in ran.err) == (2, True)


def test_full_disk_ends_the_sweep_and_spends_no_trial(space: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("ferray.training.network_trainer.write_checkpoint", full)
        ran = sweep(space)
    assert ran.code == 4
    assert "the disk is full" in ran.err
    trials = board(sweep(space, "--json"))["trials"]
    assert [trial["state"] for trial in trials].count("complete") == 2


def test_too_many_failures_of_one_reason_end_the_sweep(space: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("ferray.training.network_trainer.assemble", explode)
    ran = sweep(space, "--trials", 9, "--max-failures", 2)
    assert ran.code == 4
    assert "3 trials in a row failed: bug" in ran.err
    listed = ferray("trials", "tiny", "--failed", "--output", space.parent / "runs")
    assert len(listed.out.splitlines()) == 3
    assert "error.txt" in listed.out


def test_sync_without_runs_says_so(space: Path) -> None:
    sweep(space, "--trials", 1)
    ran = ferray("sync", "tiny", "--output", space.parent / "runs")
    assert (ran.code, "there are no W&B runs" in ran.err) == (3, True)


def test_a_disk_that_is_full_from_the_start_is_said(space: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync = os.fsync

    def full(descriptor: int) -> None:
        file = str(Path(f"/proc/self/fd/{descriptor}").readlink())
        if "runs/tiny/" in file and not file.endswith(".journal"):
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    ran = sweep(space)
    assert (ran.code, "`{}` cannot be written: No space left".format(space.parent / "runs/tiny") in ran.err) == (
        5,
        True,
    )


def test_a_space_that_searches_nothing_warns_of_identical_trials(space: Path) -> None:
    space.write_text(TINY.split("space:")[0])
    ran = sweep(space, "--dry-run")
    assert (ran.code, "warning: nothing is searched: all `2` trials" in ran.err) == (0, True)
