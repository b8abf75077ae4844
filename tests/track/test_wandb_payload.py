"""What a trial's run contains, as plain values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ferray.results.export import entry
from ferray.testing.fake_sweep import TRIALS, sweep_started, trial_record, trial_started
from ferray.text.commands import command
from ferray.track.wandb_runs.payload import (
    Standing,
    config_of,
    fixed_tags,
    notes_of,
    run_name,
    summary_of,
    sweep_run_id,
    tags_with,
)

SWEEP = replace(
    sweep_started(Path("/data/runs/sfew")), name="sfew", counts="best", sampler={"tpe": {}}, pruner={"asha": {"r": 3}}
)
TRIAL = trial_started(TRIALS[0], Path("/data/runs/sfew"))
SECOND = entry(trial_record(TRIALS[0]), "val/uar")
TAKEN = {"state", "name", "sweep", "group", "tags", "host"}  # by wandb-workspaces, for its own columns


def test_a_run_is_called_by_what_was_trained() -> None:
    config = {
        "backbone": {"timm": {"name": "resnet50"}},
        "imbalance": {"focal": {"gamma": 2.0}},
        "outliers": {"bdr": {}},
        "optimizer": {"lr": 3.4e-4},
    }
    assert run_name(SWEEP, replace(TRIAL, number=17, config=config)) == "sfew-0017 resnet50 focal bdr lr=3.4e-4"


def test_a_searched_network_is_in_name_and_config_as_people_are_told_it() -> None:
    sweep = replace(SWEEP, names={"backbone": {"timm name=vgg11 pretrained=True": "vgg11 pretrained=true"}})
    trial = replace(TRIAL, params={"backbone": "timm name=vgg11 pretrained=True"})
    named = (run_name(sweep, trial), config_of(sweep, trial)["p/backbone"])
    assert named == ("sfew-0000 vgg11 pretrained=true lr=3.14e-4", "vgg11 pretrained=true")


def test_what_a_trial_does_without_is_not_in_its_runs_name() -> None:
    assert run_name(SWEEP, TRIAL) == "sfew-0000 resnet18 lr=3.14e-4"


def test_an_arm_is_in_name_and_tags() -> None:
    trial = replace(TRIAL, params={"arm": "cleaned"})
    assert (run_name(SWEEP, trial).split()[1], fixed_tags(trial)[-1]) == ("cleaned", "arm:cleaned")


def test_a_tag_is_no_longer_than_wandb_takes() -> None:
    config = {"backbone": {"timm": {"name": "x" * 100}}}
    assert [len(tag) for tag in fixed_tags(replace(TRIAL, config=config))] == [64]


def test_config_holds_each_key_once_and_what_was_searched_flat() -> None:
    config = config_of(SWEEP, TRIAL)
    assert config["backbone"] == {"component": "timm", "name": "resnet18", "pretrained": False}
    assert config["p/optimizer/lr"] == 3.14159e-4
    assert config["objective"] == {"metric": "val/uar", "mode": "max", "epoch": "best"}
    assert (config["sampler"], config["pruner"]) == ({"component": "tpe"}, {"component": "asha", "r": 3})
    assert (config["seed"], config["recipe"], config["trial"]) == (0, TRIAL.recipe, 0)


def test_no_key_is_one_that_wandb_workspaces_takes_for_its_own() -> None:
    keys = {*config_of(SWEEP, TRIAL), *summary_of(SECOND, Standing(rank=2))}
    assert (keys & TAKEN, [key for key in keys if "." in key]) == (set(), [])


def test_summary_is_the_leaderboards_row() -> None:
    summary = summary_of(SECOND, Standing(rank=2))
    assert (summary["score"], summary["n_val"], summary["rank"], summary["epochs"]) == (0.5, 40, 2, 3)
    assert [summary["score_low"], summary["score_high"]] == SECOND["value_interval"]
    assert (summary["best/val/uar"], summary["best/epoch"], summary["seconds"]) == (0.5, 3, 4.5)


def test_a_pruned_trial_has_no_score() -> None:
    summary = summary_of(entry(trial_record(TRIALS[1]), "val/uar"), Standing())
    assert ("score" in summary, summary["score_so_far"], summary["outcome"]) == (False, 0.25, "pruned")


def test_a_trial_without_an_epoch_has_its_message_and_no_numbers() -> None:
    summary = summary_of(entry(trial_record(TRIALS[2]), "val/uar"), Standing())
    assert summary == {"outcome": "failed", "epochs": 0, "seconds": 0.0, "message": "RuntimeError: out of memory"}


def test_tags_of_others_stay_and_what_has_changed_goes() -> None:
    tags = tags_with(["mine", "running", "best"], outcome="completed", standing=Standing(rank=2, is_confirmed=True))
    assert tags == ["mine", "completed", "confirmed"]


def test_the_first_of_the_leaderboard_is_tagged_best() -> None:
    assert tags_with([], outcome="completed", standing=Standing(rank=1)) == ["completed", "best"]


def test_notes_say_recipe_folder_earlier_attempts_and_report() -> None:
    notes = notes_of(SWEEP, replace(TRIAL, earlier=("trials/0000-aa",)), own="warm start")
    assert notes.startswith("warm start\n\nrecipe `1f3a9c2e`, files in `/data/runs/sfew/trials/0000-1f3a9c2e`")
    assert "goes on from `trials/0000-aa`" in notes
    assert command("report", "/data/runs/fake").rsplit("/", 1)[0] in notes


def test_the_sweeps_run_is_no_trials() -> None:
    assert sweep_run_id("x") != sweep_run_id("y")
