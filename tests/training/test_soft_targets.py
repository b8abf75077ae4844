"""Softened targets beside whatever else a trial may have."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from ferray.config.modality import modality_problems
from ferray.events import EpochReport
from ferray.registry import ROOMS
from ferray.testing.trials import demo_config, demo_job
from ferray.training.assemble import assemble
from ferray.training.backbone_features import keep_features
from ferray.training.epoch import run_epoch

SOFT = {"mixup": {"alpha": 1.0, "cutmix_alpha": 1.0}, "label_smoothing": 0.1, "random_erasing": {"probability": 1.0}}
SMALL = {"num_train": 28, "num_val": 14, "image_size": 16, "batch_size": 8, "epochs": 2}


def first_epoch(folder: Path, cache: Path, **changes: Any) -> EpochReport:
    return run_epoch(assemble(demo_job(folder, cache, demo_config(**SMALL, **SOFT, **changes))), 1).report


def refused(**changes: Any) -> set[str]:
    return {key for key, _, _ in modality_problems(demo_config(**changes))}


@pytest.mark.parametrize("imbalance", ROOMS["imbalance"].names())
def test_every_imbalance_strategy_trains_on_mixtures(imbalance: str, tmp_path: Path, cache: Path) -> None:
    report = first_epoch(tmp_path, cache, imbalance=imbalance)
    assert math.isfinite(report.metrics["train/loss"])
    assert not report.diverged


@pytest.mark.parametrize("rule", [name for name in ROOMS["outliers"].names() if name != "none"])
def test_every_outlier_rule_sees_labels_and_whole_images(rule: str, tmp_path: Path, cache: Path) -> None:
    report = first_epoch(tmp_path, cache, outliers=rule)
    assert math.isfinite(report.outliers.variance)


def test_accuracy_in_training_counts_the_greater_share(tmp_path: Path, cache: Path) -> None:
    report = first_epoch(tmp_path, cache)
    assert 0 <= report.metrics["train/accuracy"] <= 1


@pytest.mark.parametrize("switch", SOFT)
def test_a_frozen_backbone_is_shown_what_is_mixed_and_erased(switch: str, tmp_path: Path, cache: Path) -> None:
    parts = assemble(demo_job(tmp_path, cache, demo_config(**SMALL, finetune="head", **{switch: SOFT[switch]})))
    assert keep_features(parts).learner.takes_features == (switch == "label_smoothing")


@pytest.mark.parametrize("key", ["mixup", "label_smoothing"])
def test_an_estimator_has_no_soft_targets(key: str) -> None:
    softened = {"mixup": {"alpha": 0.2}, "label_smoothing": 0.1}
    assert refused(estimator="svm", descriptor="lpq", epochs=1, **{key: softened[key]}) == {key}


def test_rows_of_features_are_neither_cut_nor_erased() -> None:
    assert refused(descriptor="lpq", backbone="features_mlp", **SOFT) == {"mixup.cutmix_alpha", "random_erasing"}


def test_rows_of_features_are_blended(tmp_path: Path, cache: Path) -> None:
    config = demo_config(**SMALL, descriptor="lpq", backbone="features_mlp", mixup={"alpha": 1.0})
    report = run_epoch(assemble(demo_job(tmp_path, cache, config)), 1).report
    assert math.isfinite(report.metrics["train/loss"])
