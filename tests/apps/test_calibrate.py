"""`ferray calibrate` on a sweep of four real trainings of a second each."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from ferray.artifacts.sweep import SweepArtifacts
from ferray.results.sweep import load
from ferray.testing.command import ferray
from ferray.training.predictor import load_predictor


def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)


def test_accuracy_never_changes(pairs: Path, tmp_path: Path) -> None:
    ran = ferray("calibrate", pairs, "--trial", 1, "--to", tmp_path / "cooled.safetensors", "--json")
    assert ran.code == 0, ran.err
    cooled, plain = load_predictor(tmp_path / "cooled.safetensors"), load(pairs).trial(1).load()
    assert not torch.equal(cooled(images()), plain(images()))
    assert torch.equal(cooled(images()).argmax(dim=1), plain(images()).argmax(dim=1))


def test_the_temperature_lies_beside_the_trial(pairs: Path) -> None:
    told = json.loads(ferray("calibrate", pairs, "--trial", 1, "--json").out)
    trial = load(pairs).trial(1)
    kept = json.loads(SweepArtifacts.of(pairs).trial(trial.record.folder).calibration.read_bytes())
    assert (told["trial"], told["temperature"], told["n"]) == (1, kept["temperature"], 70)


def test_a_line_gives_the_error_before_and_after_with_n(pairs: Path) -> None:
    line = ferray("calibrate", pairs).out.splitlines()[1]
    assert line.startswith("ECE ")
    assert "(n = 70 validation images, 95 %; after: each by a temperature found without it)" in line


def test_the_picture_is_drawn(pairs: Path) -> None:
    ferray("calibrate", pairs, "--trial", 0)
    drawn = sorted(path.name for path in (pairs / "figures/trial-0").iterdir())
    assert drawn == ["reliability.png", "reliability.svg"]


def test_an_ensemble_is_calibrated_as_a_trial_is(pairs: Path) -> None:
    ferray("ensemble", pairs, "--no-test")
    assert ferray("calibrate", pairs, "--ensemble").out.startswith("ensemble: temperature ")
    assert SweepArtifacts.of(pairs).ensemble.calibration.exists()


def test_a_sweep_without_an_ensemble_says_how_one_is_made(pairs: Path) -> None:
    ran = ferray("calibrate", pairs, "--ensemble")
    assert (ran.code, "has no ensemble" in ran.err, "` chooses one" in ran.err) == (2, True, True)


@pytest.mark.parametrize("other", [("--trial", 0), ("--to", "x.safetensors")], ids=lambda words: words[0])
def test_two_choices_are_refused(pairs: Path, other: tuple[object, ...]) -> None:
    ran = ferray("calibrate", pairs, "--ensemble", *other)
    assert (ran.code, "are two choices" in ran.err) == (2, True)
