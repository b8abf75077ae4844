"""`--bad-samples` of `ferray train` and `ferray sweep`."""

from __future__ import annotations

from pathlib import Path

import pytest

from ferray.testing.command import Ran, ferray
from ferray.testing.fake_data import write_image_folder

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
    line = "warning: 2 bad samples left out of `image_folder` (1 not a picture, 1 empty): see `"
    assert [text.startswith(line) and text.endswith("bad_samples.csv`") for text in ran.err.splitlines()].count(
        True
    ) == 1


def test_a_sweep_may_skip(root: Path) -> None:
    ran = run("sweep", root, "--bad-samples", "skip", "--dry-run", "--launcher", "inline")
    assert (ran.code, "warning: 2 bad samples left out" in ran.err) == (0, True), ran.err


def test_any_other_word_is_refused(root: Path) -> None:
    ran = run("train", root, "--bad-samples", "ignore")
    assert (
        ran.code,
        "dataset.image_folder.bad_samples: reaches `ignore`, allowed is 'refuse' or 'skip'" in ran.err,
    ) == (
        2,
        True,
    )
