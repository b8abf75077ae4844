from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from ferray.config.place import DataPlace
from ferray.config.trial import TrialConfig
from ferray.data.judging import judging
from ferray.data.samples import Splits
from ferray.descriptors.lpq import Lpq
from ferray.testing.fake_data import write_sheet_csv
from ferray.testing.trials import demo_config, demo_job
from ferray.training.assemble import assemble
from ferray.training.inputs import open_inputs
from ferray.training.network_trainer import NetworkTrainer

DESCRIBED = {"backbone": "features_mlp", "descriptor": {"lpq": {"grid": 1}}}


def opened(config: TrialConfig, cache: Path) -> Splits:
    return open_inputs(config, DataPlace(cache, cache))


def sheet_config(**changes: object) -> TrialConfig:
    return TrialConfig.model_validate(
        {
            "dataset": {"sfew_features": {"split": "random"}},
            "backbone": "features_mlp",
            "augment": "none",
            "epochs": 2,
            "batch_size": 8,
            **changes,
        }
    )


def test_images_stay_images_without_a_descriptor(cache: Path) -> None:
    assert opened(demo_config(), cache).train.features is None


def test_a_descriptor_gives_each_image_its_row(cache: Path) -> None:
    val = opened(demo_config(**DESCRIBED), cache).val
    expected = Lpq(Lpq.Params(grid=1)).describe(val.images_of(np.array([3]))[0])
    assert np.array_equal(val.inputs_of(np.array([3]))[0], expected)


def test_all_splits_share_one_file_of_rows(cache: Path) -> None:
    splits = opened(demo_config(**DESCRIBED), cache)
    with judging(lambda: None):
        assert splits.train.features is splits.test.unsealed().features


def test_grey_averages_the_colours_before_they_are_described(cache: Path) -> None:
    config = demo_config(estimator={"svm": {}}, epochs=1, pixels={"grey": True})
    train = opened(config, cache).train
    image = train.images_of(np.array([0]))[0].astype(int)
    row = train.inputs_of(np.array([0]))[0].reshape(32, 32, 3)
    assert np.abs(row[:, :, 0] - image.sum(axis=2) / 3).max() <= 0.5


def test_a_described_image_is_64_pixels_wide_by_itself(cache: Path) -> None:
    assert opened(demo_config(**DESCRIBED, image_size=None), cache).train.images.shape[1:] == (64, 64, 3)


def test_a_network_over_a_table_takes_its_rows(tmp_path: Path) -> None:
    job = demo_job(tmp_path / "trial", tmp_path, sheet_config(), data_root=str(write_sheet_csv(tmp_path)))
    parts = assemble(job)
    batch = parts.batches.prepare(np.array([0, 1, 2]), epoch=1, index=0)
    assert batch.images.dtype == torch.float32
    assert parts.learner.logits(batch.images).shape == (3, 7)


def test_a_network_learns_from_a_table(tmp_path: Path) -> None:
    config = sheet_config(epochs=10, optimizer={"name": "adam", "lr": 0.03}, head={"linear": {"dropout": 0.0}})
    job = demo_job(tmp_path / "trial", tmp_path, config, data_root=str(write_sheet_csv(tmp_path)))
    with NetworkTrainer(job) as trainer:
        reports = [trainer.step() for _ in range(10)]
    assert reports[-1].metrics["train/accuracy"] > 0.9


def test_a_network_over_described_images_is_trained(tmp_path: Path, cache: Path) -> None:
    with NetworkTrainer(demo_job(tmp_path / "trial", cache, demo_config(**DESCRIBED))) as trainer:
        assert [trainer.step().epoch, trainer.step().epoch] == [1, 2]
