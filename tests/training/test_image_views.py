from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from ferray.config.evaluate import EvaluateConfig
from ferray.config.job import TrialJob
from ferray.data.judging import judging
from ferray.errors import ConfigError
from ferray.testing.trials import demo_config, demo_job
from ferray.training.assemble import assemble
from ferray.training.epoch import run_epoch
from ferray.training.image_views import mean_over_views
from ferray.training.network_trainer import NetworkTrainer
from ferray.training.predictor import load_predictor

TEN = {"flip": True, "crops": 5}
SMALL = {"num_train": 28, "num_val": 14, "image_size": 16, "batch_size": 8, "epochs": 1}


def images() -> Tensor:
    return torch.randint(0, 256, (2, 16, 16, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def seen(config: EvaluateConfig) -> list[Tensor]:
    """The views, as a network would be shown them."""
    shown: list[Tensor] = []

    def ask(view_NHWC: Tensor) -> Tensor:
        shown.append(view_NHWC)
        return torch.full((2, 7), float(len(shown)))

    mean_over_views(ask, images(), config)
    return shown


def first_epoch(job: TrialJob) -> dict[str, float]:
    parts = assemble(job)
    with parts.randomness.active():
        return run_epoch(parts, 1).report.metrics


def test_the_answer_is_the_mean_of_the_answers_to_all_views() -> None:
    numbers = iter([1.0, 3.0, 8.0, 0.0, 3.0])
    answer_NC = mean_over_views(lambda _: torch.full((2, 7), next(numbers)), images(), EvaluateConfig(crops=5))
    assert answer_NC.tolist() == [[3.0] * 7] * 2


def test_flip_shows_the_image_and_its_mirror_image() -> None:
    first, second = seen(EvaluateConfig(flip=True))
    assert torch.equal(first, images())
    assert torch.equal(second, images().flip(2))


def test_ten_crops_keep_size_and_type() -> None:
    assert [(view.shape, view.dtype) for view in seen(EvaluateConfig(**TEN))] == [((2, 16, 16, 3), torch.uint8)] * 10


@pytest.mark.parametrize(("number", "top", "left"), [(0, 0, 0), (1, 0, 4), (2, 4, 0), (3, 4, 4), (4, 2, 2)], ids=str)
def test_crops_are_the_corners_and_the_centre(number: int, top: int, left: int) -> None:
    crop = images()[:, top : top + 12, left : left + 12].permute(0, 3, 1, 2).float()
    enlarged = F.interpolate(crop, size=(16, 16), mode="bilinear").round().permute(0, 2, 3, 1)
    assert torch.equal(seen(EvaluateConfig(crops=5, crop_fraction=0.75))[number].float(), enlarged)


@pytest.mark.parametrize("evaluate", [{"flip": True}, TEN], ids=["flip", "ten crops"])
def test_best_checkpoint_answers_as_its_validation_did(
    evaluate: dict[str, object], tmp_path: Path, cache: Path
) -> None:
    job = demo_job(tmp_path, cache, demo_config(**SMALL, evaluate=evaluate))
    with NetworkTrainer(job) as trainer:
        report = trainer.step()
    predictor = load_predictor(tmp_path)
    val = assemble(job).splits.val
    assert predictor.evaluate(val).loss == report.metrics["val/loss"]
    assert torch.equal(predictor.network()(torch.from_numpy(val.images_of(np.arange(14)))), predictor(val))


def test_the_test_split_is_judged_by_the_same_views(tmp_path: Path, cache: Path) -> None:
    job = demo_job(tmp_path, cache, demo_config(**SMALL, evaluate=TEN))
    with NetworkTrainer(job) as trainer:
        trainer.step()
    predictor, plain = load_predictor(tmp_path), load_predictor(tmp_path)
    plain._classifier.views = EvaluateConfig()
    with judging(lambda: None):
        test = assemble(job).splits.test.unsealed()
    assert predictor.evaluate(test).loss != plain.evaluate(test).loss


def test_views_change_no_training(tmp_path: Path, cache: Path) -> None:
    once, averaged = (first_epoch(demo_job(tmp_path, cache, demo_config(**SMALL, evaluate=each))) for each in ({}, TEN))
    assert once["train/loss"] == averaged["train/loss"]
    assert once["val/loss"] != averaged["val/loss"]


def test_frozen_backbone_sees_every_view(tmp_path: Path, cache: Path) -> None:
    config = demo_config(**SMALL, evaluate={"flip": True}, finetune="head")
    job = demo_job(tmp_path, cache, config)
    with NetworkTrainer(job) as trainer:
        report = trainer.step()
    assert load_predictor(tmp_path).evaluate(assemble(job).splits.val).loss == report.metrics["val/loss"]


def test_rows_of_features_have_no_views(tmp_path: Path, cache: Path) -> None:
    config = demo_config(**SMALL, evaluate={"flip": True}, descriptor="lpq", backbone="features_mlp")
    with pytest.raises(ConfigError, match="evaluate: `2` views are of images"):
        assemble(demo_job(tmp_path, cache, config))
