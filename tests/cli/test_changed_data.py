"""A sweep that goes on over other images than its trials were judged on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ferray.testing.command import Ran, ferray
from ferray.testing.fake_data import fake_image, write_image_folder, write_png

ARGS = (
    "--set", "dataset={image_folder: {}}",
    "--set", "image_size=16",
    "--set", "backbone={tiny_cnn: {width: 4, depth: 2}}",
    "--epochs", 1, "--launcher", "inline", "--tracker", "none",
)  # fmt: skip


GoOn = Callable[[Callable[[Path], object]], Ran]


def sweep(root: Path, output: Path, trials: int) -> Ran:
    return ferray("sweep", "demo", *ARGS, "--trials", trials, "--data-root", root, "--output", output)


@pytest.fixture
def begun(tmp_path: Path) -> GoOn:
    """Runs one trial, then a second one over a copy of the data that was changed."""

    def go_on(change: Callable[[Path], object]) -> Ran:
        root = write_image_folder(tmp_path / "data")
        assert sweep(root, tmp_path / "runs", 1).code == 0
        shutil.copytree(root, tmp_path / "changed")
        change(tmp_path / "changed")
        return sweep(tmp_path / "changed", tmp_path / "runs", 2)

    return go_on


def test_a_validation_image_less_is_refused(begun: GoOn) -> None:
    ran = begun(lambda root: (root / "val" / "calm" / "000.png").unlink())
    assert ran.code == 2
    assert (
        "error: the validation images of `image_folder` are not those that 1 trial was judged on in `demo`" in ran.err
    )


def test_a_training_image_more_is_noted(begun: GoOn) -> None:
    ran = begun(lambda root: write_png(root / "train" / "calm" / "new.png", fake_image(0, 99)))
    assert ran.code == 0, ran.err
    assert "the training images of `image_folder` have changed since `demo` began: 12 then, 13 now" in ran.err


def test_the_same_images_elsewhere_are_the_same(begun: GoOn) -> None:
    ran = begun(lambda _: None)
    assert ran.code == 0, ran.err
    assert "have changed" not in ran.err


def test_judging_over_changed_images_is_warned_of(begun: GoOn, tmp_path: Path) -> None:
    begun(lambda root: write_png(root / "train" / "calm" / "new.png", fake_image(0, 99)))
    args = ("--data-root", tmp_path / "changed", "--output", tmp_path / "runs")
    judged = ferray("evaluate", "demo", *args)
    assert judged.code == 0, judged.err
    assert (
        "warning: `image_folder` has changed since the sweep began (train 12 then, 13 now; val 12 as then)"
        in judged.err
    )
