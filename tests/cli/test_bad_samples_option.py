"""`--bad-samples` of `ferray train` and `ferray sweep`."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from ferray.testing.command import Ran, ferray
from ferray.testing.fake_data import write_image_folder, write_sfew2

ARGS = (
    "--set", "dataset={image_folder: {}}",
    "--set", "image_size=16",
    "--set", "backbone={tiny_cnn: {width: 4, depth: 2}}",
    "--epochs", 1,
)  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """36 images of three classes in three splits, of which two are bad."""
    root = write_image_folder(tmp_path / "data")
    (root / "train" / "calm" / "000.png").write_text("no picture")
    (root / "val" / "glad" / "001.png").write_bytes(b"")
    return root


def run(command: str, root: Path, *args: object) -> Ran:
    return ferray(command, "demo", *ARGS, "--data-root", root, "--output", root.parent / "runs", *args)


@pytest.mark.parametrize("command", ["train", "sweep"])
def test_bad_samples_end_the_command_with_all_their_names(root: Path, command: str) -> None:
    ran = run(command, root)
    assert ran.code == 3
    assert ran.err.endswith(
        "error: `image_folder` has 2 bad samples\n"
        "  train/calm/000.png: is not a picture\n"
        "  val/glad/001.png: is empty\n"
        "hint: mend or delete what is named, or leave it out with `--bad-samples skip`\n"
    )


def test_skipping_trains_on_the_rest_and_warns_with_the_list(root: Path) -> None:
    ran = run("train", root, "--bad-samples", "skip", "--threads", 1)
    assert (ran.code, "n = 11" in ran.out) == (0, True), ran.err
    parts = "train 12 becomes 11, val 12 becomes 11"
    line = f"warning: 2 bad samples left out of `image_folder` (1 not a picture, 1 empty; {parts}): see `"
    assert [text.startswith(line) and text.endswith("bad_samples.csv`") for text in ran.err.splitlines()].count(
        True
    ) == 1


def test_a_sweep_may_skip(root: Path) -> None:
    ran = run("sweep", root, "--bad-samples", "skip", "--dry-run", "--launcher", "inline")
    assert (ran.code, "warning: 2 bad samples left out" in ran.err) == (0, True), ran.err


def test_any_other_word_is_refused(root: Path) -> None:
    ran = run("train", root, "--bad-samples", "ignore")
    told = "error: `--bad-samples ignore`: allowed is `auto`, `refuse`, `skip` or `keep`"
    assert (ran.code, told in ran.err) == (2, True), ran.err


def test_the_command_of_the_readme_runs_on_a_set_that_holds_blank_pictures(tmp_path: Path) -> None:
    data = write_sfew2(tmp_path / "data", per_class=4)
    picture = min((data / "SFEW" / "Val" / "Angry").iterdir())
    Image.new("RGB", (143, 181)).save(picture)
    places = ("--data-root", data, "--output", tmp_path / "runs", "--launcher", "inline")
    ran = ferray("sweep", "sfew", "--dry-run", *places, "--set", "backbone=tiny_cnn")
    assert ran.code == 0, ran.err
    assert "note: 1 picture of one colour left out of `sfew`: val 28 becomes 27; `--bad-samples keep`" in ran.err
    assert "val 13 (half of folder `Val`), test 14 (the other half of folder `Val`)" in ran.err
