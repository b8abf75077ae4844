"""`ferray explain`."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from ferray.testing.command import Ran, ferray, swept

SPACE = """
dataset: {demo: {num_train: 42, num_val: 28, num_test: 7}}
base: {backbone: {tiny_cnn: {width: 4, depth: 3}}, image_size: 32, batch_size: 32, epochs: 1, augment: none}
sampler: random
pruner: none
arms:
  network: {}
  estimator: {estimator: svm, descriptor: lpq}
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return swept(tmp_path_factory.mktemp("two") / "two.yaml", SPACE)


def trial_of(runs: Path, arm: str) -> int:
    estimators = [
        json.loads(file.read_text())["estimator"] for file in sorted((runs / "two" / "trials").glob("*/config.json"))
    ]
    return next(number for number, chosen in enumerate(estimators) if ("svm" in chosen) == (arm == "estimator"))


def explain(runs: Path, arm: str, *args: object) -> Ran:
    return ferray("explain", "two", "--trial", trial_of(runs, arm), "--images", 2, "--output", runs, *args)


def test_every_class_and_confused_pair_has_a_sheet(runs: Path) -> None:
    document = json.loads(explain(runs, "network", "--json").out)
    folder = next((runs / "two" / "trials").glob(f"{document['trial']:04d}-*")) / "figures" / "explained"
    assert sorted(map(str, folder.iterdir())) == sorted(document["files"])
    sheets = {Path(file).stem for file in document["files"]}
    assert sheets >= {*(f"losses_{entry['class']}" for entry in document["classes"]), "losses", "confused_1"}


def test_counts_are_those_of_the_validation_images(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "confused_cat.png").touch()  # somebody's own
    document = json.loads(explain(runs, "network", "--json", "--to", tmp_path).out)
    assert (tmp_path / "confused_cat.png").exists()
    assert sum(entry["n"] for entry in document["classes"]) == document["n"] == 28
    with (tmp_path / "losses.csv").open() as stream:
        losses = [float(row["loss"]) for row in csv.DictReader(stream)]
    assert len(losses) == 28
    assert losses == sorted(losses, reverse=True)


def test_sheets_of_pairs_that_are_none_any_more_go(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "confused_9.png").write_bytes(b"")
    assert explain(runs, "network", "--to", tmp_path).code == 0
    assert not (tmp_path / "confused_9.png").exists()


def test_an_estimator_is_explained_without_maps(runs: Path, tmp_path: Path) -> None:
    ran = explain(runs, "estimator", "--to", tmp_path)
    assert ran.code == 0
    assert "note: no Grad-CAM, as the trial's network has no maps of an image" in ran.err


def test_what_is_printed_has_counts_and_intervals(runs: Path, tmp_path: Path) -> None:
    out = explain(runs, "network", "--to", tmp_path).out
    assert "on 28 validation images (95 % intervals)" in out
    assert "%, n = 3; " in out


def test_a_trial_that_is_none_is_refused(runs: Path) -> None:
    ran = ferray("explain", "two", "--trial", "9", "--output", runs)
    assert (ran.code, ran.out) == (2, "")
    assert "error: `two` has no trial `9`" in ran.err
