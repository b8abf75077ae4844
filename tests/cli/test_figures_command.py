from __future__ import annotations

import json
from pathlib import Path

import pytest

from ferray.results.figures.album import Album
from ferray.testing.command import ferray, swept

SPACE = """
name: tiny
dataset: {demo: {num_train: 70, num_val: 35, num_test: 35}}
sampler: random
pruner: none
base: {image_size: 32, augment: none, backbone: {tiny_cnn: {width: 4, depth: 3}}, batch_size: 32, epochs: 1}
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return swept(tmp_path_factory.mktemp("figures") / "tiny.yaml", SPACE, "--trials", 1)


def test_pictures_of_a_trial_lie_in_a_folder_of_their_own(runs: Path) -> None:
    ran = ferray("figures", "tiny", "--output", runs)
    assert ran.out.splitlines()[0] == str(runs / "tiny" / "figures" / "trial-0" / "curves.png")


def test_json_lists_the_files(runs: Path, tmp_path: Path) -> None:
    ran = ferray("figures", "tiny", "--output", runs, "--to", tmp_path, "--json")
    files = {Path(file).name for file in json.loads(ran.out)["files"]}
    assert files >= {"curves.png", "classes.svg", "confusion.png", "recalls.svg"}


def test_a_trial_can_be_asked_for(runs: Path, tmp_path: Path) -> None:
    ferray("figures", "tiny", "--output", runs, "--to", tmp_path, "--trial", 0)
    assert "tiny, trial 0: loss and accuracy" in (tmp_path / "curves.svg").read_text()


def test_an_unknown_trial_is_named(runs: Path) -> None:
    ran = ferray("figures", "tiny", "--output", runs, "--trial", 4)
    assert (ran.code, "no trial `4`" in ran.err) == (2, True)


def test_a_folder_that_cannot_be_made_is_named(runs: Path) -> None:
    (runs / "file").touch()
    ran = ferray("figures", "tiny", "--output", runs, "--to", runs / "file")
    assert (ran.code, "cannot be written" in ran.err) == (3, True)


def test_a_set_drawn_again_is_said_to_be_replaced(runs: Path, tmp_path: Path) -> None:
    ferray("figures", "tiny", "--output", runs, "--to", tmp_path)
    ran = ferray("figures", "tiny", "--output", runs, "--to", tmp_path)
    assert "files of an earlier drawing of `tiny, trial 0`" in ran.err


def test_a_set_of_something_else_is_not_overwritten(runs: Path, tmp_path: Path) -> None:
    Album(tmp_path, "other, trial 7").add("curves", lambda figure: figure.suptitle("other") and None)
    ran = ferray("figures", "tiny", "--output", runs, "--to", tmp_path)
    assert (ran.code, "holds figures of `other, trial 7`" in ran.err) == (2, True)
