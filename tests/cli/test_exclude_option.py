"""`--exclude`: a sweep and a training without the suspects of a list, and all who read them later."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from ferray.study.history import load_sweep
from ferray.testing.command import INLINE, Ran, ferray
from ferray.testing.fake_data import write_image_folder

TINY = """
name: tiny
dataset: image_folder
budget: {trials: 1}
sampler: random
pruner: none
base: {image_size: 16, augment: none, backbone: {tiny_cnn: {width: 4, depth: 2}}, batch_size: 8, epochs: 1}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A space, its data, and `suspects.csv`, which lists two training images and one of validation by name."""
    write_image_folder(tmp_path / "data", per_class=4)
    (tmp_path / "tiny.yaml").write_text(TINY)
    trained = sorted(path.relative_to(tmp_path / "data") for path in (tmp_path / "data" / "train").rglob("*.png"))
    judged = sorted(path.relative_to(tmp_path / "data") for path in (tmp_path / "data" / "val").rglob("*.png"))
    write_list(tmp_path / "suspects.csv", [*trained[:2], judged[0]])
    return tmp_path


def write_list(path: Path, names: Sequence[object]) -> None:
    path.write_text("".join(f"{line}\n" for line in ("name", *names)))


def run(verb: str, folder: Path, *args: object) -> Ran:
    how = INLINE if verb == "sweep" else ()
    place = ("--data-root", folder / "data", "--output", folder / "runs")
    return ferray(verb, folder / "tiny.yaml", *how, *place, *args)


def test_a_sweep_says_what_a_list_leaves_out(folder: Path) -> None:
    ran = run("sweep", folder, "--exclude", folder / "suspects.csv")
    assert ran.code == 0, ran.err
    assert "left out of training are 2 of 3 listed samples, 1 stays in validation or test" in ran.err


def test_all_who_read_the_sweep_need_the_list_no_more(folder: Path) -> None:
    run("sweep", folder, "--exclude", folder / "suspects.csv")
    (folder / "suspects.csv").unlink()
    sweep = folder / "runs" / "tiny"
    assert "train 10 (" in ferray("evaluate", sweep).err
    drawn = ferray("figures", sweep)
    assert (drawn.code, "not counted" in drawn.err) == (0, False)


def test_another_list_is_another_sweep(folder: Path) -> None:
    run("sweep", folder, "--exclude", folder / "suspects.csv")
    without = run("sweep", folder)
    assert (without.code, "`base.exclude`" in without.err) == (2, True)


def test_a_list_of_another_data_set_is_refused(folder: Path) -> None:
    write_list(folder / "others.csv", ["elsewhere/1.png"])
    ran = run("sweep", folder, "--exclude", folder / "others.csv")
    assert (ran.code, "lists 1 sample, of which no split has any" in ran.err) == (2, True)


def test_a_training_leaves_the_list_out_too(folder: Path) -> None:
    ran = run("train", folder, "--exclude", folder / "suspects.csv", "--json")
    assert ran.code == 0, ran.err
    history = Path(json.loads(ran.out)["folder"]) / "history.jsonl"
    assert json.loads(history.read_text().splitlines()[0])["num_train"] == 10


def test_arms_with_and_without_a_list_stand_side_by_side(folder: Path) -> None:
    arms = f"arms: {{whole: {{}}, cleaned: {{exclude: {folder / 'suspects.csv'}}}}}\n"
    (folder / "tiny.yaml").write_text(TINY.replace("budget: {trials: 1}\n", "") + arms)
    assert run("sweep", folder).code == 0
    trials = load_sweep(folder / "runs" / "tiny").trials
    lists = {str(trial.params["arm"]): trial.config["exclude"] for trial in trials}
    assert (lists["whole"], len(str(lists["cleaned"]))) == (None, 16)


def test_a_list_that_is_not_there_is_refused_at_once(folder: Path) -> None:
    ran = run("sweep", folder, "--exclude", "nowhere.csv")
    assert (ran.code, "nowhere.csv` cannot be read" in ran.err) == (2, True)


def everywhere(folder: Path) -> Path:
    """A list that takes the first image of validation, and the first of test, out of their splits."""
    first = [next(iter(sorted((folder / "data" / part).rglob("*.png")))) for part in ("val", "test")]
    rows = [f"{path.relative_to(folder / 'data')},all\n" for path in first]
    (folder / "clean.csv").write_text("".join(["name,splits\n", *rows]))
    return folder / "clean.csv"


def test_a_list_may_take_images_out_of_validation_and_test(folder: Path) -> None:
    ran = run("sweep", folder, "--exclude", everywhere(folder))
    assert "1 out of validation, 1 out of test" in ran.err
    trial = load_sweep(folder / "runs" / "tiny").trials[0]
    assert trial.num_val == 11  # of twelve


def test_the_test_split_is_judged_without_them(folder: Path) -> None:
    run("sweep", folder, "--exclude", everywhere(folder))
    judged = json.loads(ferray("evaluate", folder / "runs" / "tiny", "--json").out)
    assert judged["trials"][0]["n"] == 11


def test_arms_that_would_be_judged_on_other_images_are_refused(folder: Path) -> None:
    arms = f"arms: {{whole: {{}}, cleaned: {{exclude: {everywhere(folder)}}}}}\n"
    (folder / "tiny.yaml").write_text(TINY.replace("budget: {trials: 1}\n", "") + arms)
    ran = run("sweep", folder)
    assert (ran.code, "leave other validation images of `image_folder` to some trials" in ran.err) == (2, True)
