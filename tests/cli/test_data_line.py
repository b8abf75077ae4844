"""The one line of a data set that every start prints, on stderr."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ferray.testing.command import INLINE, Ran, ferray
from ferray.testing.fake_data import write_image_folder

ARGS = (
    "--set", "dataset={image_folder: {}}",
    "--set", "image_size=16",
    "--set", "backbone={tiny_cnn: {width: 4, depth: 2}}",
    "--epochs", 1,
)  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_image_folder(tmp_path / "data")


def run(command: str, root: Path, *args: object) -> Ran:
    return ferray(command, "demo", *ARGS, "--data-root", root, "--output", root.parent / "runs", *args)


def data_lines(ran: Ran) -> list[str]:
    return [line for line in ran.err.splitlines() if line.startswith("data: ")]


def line_of(root: Path) -> str:
    parts = ", ".join(f"{part} 12 (folder `{part}`)" for part in ("train", "val", "test"))
    return f"data: `image_folder` in `{root}`: 3 classes; {parts}"


@pytest.mark.parametrize(
    ("command", "more"), [("sweep", ("--dry-run", "--launcher", "inline")), ("train", ("--threads", 1))]
)
def test_a_start_says_what_it_found(root: Path, command: str, more: tuple[object, ...]) -> None:
    ran = run(command, root, *more)
    assert (ran.code, data_lines(ran)) == (0, [line_of(root)]), ran.err


def test_what_was_found_is_said_though_what_comes_after_it_is_wrong(root: Path) -> None:
    nowhere = "backbone={timm: {name: resnet18, pretrained: true, weights: /nowhere.safetensors}}"
    ran = run("sweep", root, "--dry-run", "--launcher", "inline", "--set", nowhere)
    assert (ran.code != 0, data_lines(ran)) == (True, [line_of(root)]), ran.err


def test_a_quiet_start_says_nothing_of_it(root: Path) -> None:
    assert data_lines(run("sweep", root, "--dry-run", "--launcher", "inline", "--quiet")) == []


def test_json_stays_alone_on_stdout(root: Path) -> None:
    ran = run("sweep", root, "--dry-run", "--launcher", "inline", "--json")
    assert json.loads(ran.out)["sweep"] == "demo"
    assert data_lines(ran) == [line_of(root)]


def test_folds_are_said_by_the_first(root: Path) -> None:
    ran = run("sweep", root, "--dry-run", "--launcher", "inline", "--set", "folds={k: 3}")
    assert "train 16 (the other folds), val 8 (fold 1 of 3), test 12 (folder `test`)" in data_lines(ran)[0]


def test_what_holds_of_every_fold_is_noted_once(root: Path, tmp_path: Path) -> None:
    (root / "train" / "calm" / "notes.txt").touch()
    arms = "arms: {first: {}, second: {dataset.fold: 1}}"
    space = f"dataset: {{image_folder: {{split: kfold, folds: 3}}}}\n{arms}\n"
    (tmp_path / "two.yaml").write_text(space)
    args = ("--dry-run", "--launcher", "inline", "--set", "image_size=16", "--data-root", root)
    ran = ferray("sweep", tmp_path / "two.yaml", *args, "--output", tmp_path / "runs")
    notes = [line for line in ran.err.splitlines() if line.startswith("note: all of it is listed")]
    assert (len(data_lines(ran)), len(notes)) == (2, 1), ran.err


def test_a_sweep_over_two_data_sets_says_both(root: Path, tmp_path: Path) -> None:
    drawn = "{demo: {num_train: 20, num_val: 8, num_test: 8}}"
    space = f"dataset: {{image_folder: {{}}}}\narms: {{own: {{}}, drawn: {{dataset: {drawn}}}}}\n"
    (tmp_path / "two.yaml").write_text(space + "objective: {metric: val/uar, mode: max}\nbudget: {trials: 2}\n")
    args = ("--dry-run", "--launcher", "inline", "--set", "image_size=16", "--data-root", root)
    ran = ferray("sweep", tmp_path / "two.yaml", *args, "--output", tmp_path / "runs")
    assert [line.split("`")[1] for line in data_lines(ran)] == ["image_folder", "demo"], ran.err


def test_judging_on_the_test_split_says_what_it_found_once(root: Path) -> None:
    common = (*INLINE, "--trials", 2, "--quiet")
    assert run("sweep", root, *common).code == 0
    judged = ferray("evaluate", "demo", "--all", "--data-root", root, "--output", root.parent / "runs")
    assert (judged.code, data_lines(judged)) == (0, [line_of(root)]), judged.err
