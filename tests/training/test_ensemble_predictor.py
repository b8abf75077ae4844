"""An ensemble as a function from images to logits, of two small networks that were never trained."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from ferray.artifacts.ensemble import Ensemble, Member, write_ensemble
from ferray.artifacts.sweep import SweepArtifacts
from ferray.artifacts.trial import TrialArtifacts
from ferray.emotions import EMOTION_NAMES
from ferray.errors import CheckpointError
from ferray.models.model import build_model
from ferray.testing.trials import demo_config
from ferray.training.best_checkpoint import BestCheckpoint
from ferray.training.checkpoint import digest_checkpoint, write_checkpoint
from ferray.training.ensemble_predictor import load_ensemble, mean_logits
from ferray.training.predictor import load_predictor

WEIGHTS = (0.75, 0.25)


def write_best(artifacts: TrialArtifacts, *, seed: int, size: int) -> None:
    config = demo_config(image_size=size, seed=seed, backbone={"tiny_cnn": {"width": 4, "depth": 3}})
    model = build_model(config, len(EMOTION_NAMES))
    parts = {"model": model.state_dict(), "input_spec": asdict(model.input_spec), "pixels": None, "init": None}
    known = BestCheckpoint(config, EMOTION_NAMES, (1,) * 7, size, 1, {}, (), (), parts)
    artifacts.make()
    write_checkpoint(artifacts.best, "best", known.to_state())


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """A sweep whose two trials see images of 16 and of 24 pixels, and their ensemble."""
    artifacts = SweepArtifacts.of(tmp_path)
    members = []
    for number, (weight, size) in enumerate(zip(WEIGHTS, (16, 24), strict=True)):
        trial = artifacts.trial(f"trials/000{number}-ab")
        write_best(trial, seed=number, size=size)
        digest = digest_checkpoint(trial.best)
        members.append(Member(number, "ab", f"trials/000{number}-ab/best.pt", digest, weight))
    ensemble = Ensemble("two", EMOTION_NAMES, tuple(members), "val/uar", 0.7, 0, 0.6, 2, 9, 1, 25)
    artifacts.ensemble.make()
    write_ensemble(artifacts.ensemble.ensemble, ensemble)
    return tmp_path


def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 20, 20, 3), dtype=np.uint8)


def test_probabilities_are_the_weighted_mean(sweep: Path) -> None:
    alone = [load_predictor(sweep / f"trials/000{n}-ab/best.pt").probabilities(images()) for n in (0, 1)]
    together = load_ensemble(sweep / "ensemble").probabilities(images())
    assert torch.allclose(together, WEIGHTS[0] * alone[0] + WEIGHTS[1] * alone[1], atol=1e-6)


def test_the_file_itself_may_be_named(sweep: Path) -> None:
    by_folder, by_file = (load_ensemble(sweep / name)(images()) for name in ("ensemble", "ensemble/ensemble.json"))
    assert torch.equal(by_folder, by_file)


def test_images_may_come_one_by_one(sweep: Path) -> None:
    ensemble = load_ensemble(sweep / "ensemble")
    assert torch.equal(ensemble(image for image in images()), ensemble(images()))


def test_a_temperature_changes_no_answer(sweep: Path) -> None:
    ensemble = load_ensemble(sweep / "ensemble")
    cooled = ensemble.with_temperature(3.0)
    assert torch.equal(cooled(images()).argmax(1), ensemble(images()).argmax(1))
    assert torch.allclose(cooled(images()), ensemble(images()) / 3)


def test_a_class_that_no_member_believes_in_has_a_finite_logit() -> None:
    sure = torch.tensor([[[0.0, -1e4]], [[0.0, -2e4]]])
    logit = mean_logits(sure, torch.tensor([0.5, 0.5]))[0, 1].item()
    assert logit == pytest.approx(-1e4 + math.log(0.5))  # the second share is e^-10000 of the first


def test_a_member_that_was_trained_again_is_named(sweep: Path) -> None:
    write_best(SweepArtifacts.of(sweep).trial("trials/0001-ab"), seed=9, size=24)
    with pytest.raises(CheckpointError, match=r"0001-ab/best.pt` is another than when the ensemble was chosen"):
        load_ensemble(sweep / "ensemble")


def test_a_sweep_without_an_ensemble_says_so(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="there is no ensemble"):
        load_ensemble(tmp_path / "ensemble")
