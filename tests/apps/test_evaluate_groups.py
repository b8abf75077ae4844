"""`ferray evaluate` on images of which several show one person."""

from __future__ import annotations

from pathlib import Path

import pytest

from ferray.artifacts.sweep import SweepArtifacts
from ferray.results.answers import read_answers
from ferray.study.history import load_sweep
from ferray.testing.command import document, ferray, swept
from ferray.testing.fake_data import write_image_folder

PEOPLE = """
name: people
dataset: {image_folder: {path: faces, group_pattern: '([0-3])\\.png$'}}
objective: {metric: val/accuracy}
sampler: random
pruner: none
base: {image_size: 32, augment: none, backbone: {tiny_cnn: {width: 4, depth: 3}}, batch_size: 32, epochs: 1}
arms: {plain: {}}
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("groups")
    write_image_folder(root / "data" / "faces", per_class=4)
    return swept(root / "people.yaml", PEOPLE, "--data-root", root / "data")


def test_the_people_on_test_images_are_counted(runs: Path) -> None:
    (trial,) = document(ferray("evaluate", "people", "--output", runs, "--json"))["trials"]
    assert (trial["groups"], trial["n"]) == (4, 12)


def test_a_line_says_over_how_many_groups(runs: Path) -> None:
    assert "n = 12, 95 % over 4 groups (groups by " in ferray("evaluate", "people", "--output", runs).out


def test_each_answer_has_its_person(runs: Path) -> None:
    ferray("evaluate", "people", "--output", runs)
    (trial,) = load_sweep(runs / "people").trials
    answers = read_answers(SweepArtifacts.of(runs / "people").trial(trial.folder))
    assert answers is not None
    assert sorted(answers.groups or ()) == sorted("0123" * 3)
