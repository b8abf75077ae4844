"""Real trainings on drawn faces: a small network learns them, and BDR finds the labels that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from ferray.events import EpochReport, RemovedSample
from ferray.testing.trials import demo_config, demo_job
from ferray.training.network_trainer import NetworkTrainer

pytestmark = pytest.mark.slow

FIVE_EPOCHS = {
    "num_train": 1500,
    "num_val": 200,
    "image_size": 48,
    "batch_size": 32,
    "epochs": 5,
    "optimizer": {"lr": 3e-3},
    "outliers": {"bdr": {"start_epoch": 5, "k": 1.0, "watch": False}},
}


def last_epoch(folder: Path, cache: Path, **changes: object) -> EpochReport:
    with NetworkTrainer(demo_job(folder, cache, demo_config(**FIVE_EPOCHS, **changes))) as trainer:
        return [trainer.step() for _ in range(5)][-1]


def removed_by(report: EpochReport) -> tuple[RemovedSample, ...]:
    assert report.outliers is not None
    return report.outliers.removed


def precision(removed: tuple[RemovedSample, ...]) -> float:
    return sum(sample.truly_mislabelled is True for sample in removed) / len(removed)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> EpochReport:
    return last_epoch(tmp_path_factory.mktemp("trial"), cache)


def test_a_small_network_learns_the_drawn_faces(report: EpochReport) -> None:
    # Chance is 1/7 = 0.14.
    assert report.metrics["val/uar"] > 0.5


def test_removed_samples_are_mislabelled_far_above_chance(report: EpochReport) -> None:
    # Chance is 0.08.
    assert precision(removed_by(report)) > 0.6


def test_removed_samples_are_a_good_part_of_the_mislabelled(report: EpochReport) -> None:
    # 120 of 1500 labels are wrong.
    assert precision(removed_by(report)) * len(removed_by(report)) > 0.25 * 120


def test_class_weights_do_not_blind_the_rule(tmp_path: Path, cache: Path) -> None:
    assert precision(removed_by(last_epoch(tmp_path, cache, imbalance="class_weights"))) > 0.6
