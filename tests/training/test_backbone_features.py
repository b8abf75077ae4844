"""Features of a frozen backbone are computed once and train the same head."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from ferray.config.job import TrialJob
from ferray.config.trial import TrialConfig
from ferray.events import EpochReport
from ferray.testing.trials import demo_config, demo_job
from ferray.training.assemble import assemble
from ferray.training.backbone_features import keep_features
from ferray.training.epoch import run_epoch
from ferray.training.inputs import open_job_inputs
from ferray.training.predictor import load_predictor
from ferray.training.trainers import open_trainer

FROZEN = {"finetune": "head", "augment": "none", "optimizer": {"name": "sgd", "lr": 0.1}}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def job_of(folder: Path, cache: Path, **changes: object) -> TrialJob:
    return demo_job(folder, cache, demo_config(**{**FROZEN, **changes}))


def two_epochs(job: TrialJob, *, frozen: bool) -> list[EpochReport]:
    parts = keep_features(assemble(job)) if frozen else assemble(job)
    with parts.randomness.active():
        return [run_epoch(parts, epoch).report for epoch in (1, 2)]


def test_the_head_learns_the_same_as_behind_its_backbone(tmp_path: Path, cache: Path) -> None:
    job = job_of(tmp_path, cache)
    through, kept = two_epochs(job, frozen=False), two_epochs(job, frozen=True)
    losses = [[report.metrics[name] for report in through for name in ("train/loss", "val/loss")]]
    assert losses[0] == pytest.approx([report.metrics[name] for report in kept for name in ("train/loss", "val/loss")])
    assert [report.confusion for report in through] == [report.confusion for report in kept]


def test_the_checkpoint_is_the_whole_network(tmp_path: Path, cache: Path) -> None:
    job = job_of(tmp_path / "0000", cache)
    with open_trainer(job) as trainer:
        reports = [trainer.step() for _ in range(2)]
        best = next(report for report in reversed(reports) if report.is_best)
    judged = load_predictor(tmp_path / "0000/best.pt").evaluate(open_job_inputs(job).val)
    assert tuple(map(tuple, judged.confusion.tolist())) == best.confusion


def test_a_killed_trial_goes_on_bit_for_bit(tmp_path: Path, cache: Path) -> None:
    with open_trainer(job_of(tmp_path / "whole", cache)) as trainer:
        whole = [trainer.step().confusion for _ in range(2)]
    job = job_of(tmp_path / "0000", cache)
    with open_trainer(job) as trainer:
        trainer.step()
        trainer.save()
    with open_trainer(job) as again:
        assert again.step().confusion == whole[1]


@pytest.mark.parametrize("changes", [{"augment": "light"}, {"finetune": "all"}, {"finetune": 1}])
def test_what_changes_between_epochs_is_not_kept(tmp_path: Path, cache: Path, changes: dict[str, object]) -> None:
    parts = assemble(job_of(tmp_path, cache, **changes))
    assert keep_features(parts) is parts


def with_weights(path: Path, config: TrialConfig, *, name: str = "mobilenetv3_small_050", **params: Any) -> TrialConfig:
    """The trial with a small timm network whose weights lie in a file."""
    backbone = {"timm": {"name": name, "weights": str(path), **params}}
    return config.model_validate({**config.to_json(), "backbone": backbone})


def save_network(path: Path, name: str) -> Path:
    """Random weights of a timm network."""
    import timm

    torch.manual_seed(0)
    net = timm.create_model(name, num_classes=0)
    save_file({name: tensor.contiguous() for name, tensor in net.state_dict().items()}, path)
    return path


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_network(tmp_path_factory.mktemp("weights") / "net.safetensors", "mobilenetv3_small_050")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_network(tmp_path_factory.mktemp("weights") / "net.safetensors", "mobilenetv3_large_100")


def test_features_of_given_weights_are_kept_for_other_trials(tmp_path: Path, cache: Path, weights: Path) -> None:
    job = job_of(tmp_path, cache)
    job = replace(job, config=with_weights(weights, job.trial_config()).to_json())
    kept = keep_features(assemble(job)).splits.train.features
    assert isinstance(kept, np.memmap)
    assert len(list(cache.glob("features/*timm*.npy"))) == 1


def test_features_of_random_weights_are_not(tmp_path: Path, cache: Path) -> None:
    assert not isinstance(keep_features(assemble(job_of(tmp_path, cache))).splits.train.features, np.memmap)


def kept_features(folder: Path, cache: Path, config: TrialConfig) -> Path:
    """The file with the features of a trial."""
    kept = keep_features(assemble(replace(job_of(folder, cache), config=config.to_json()))).splits.train.features
    assert isinstance(kept, np.memmap)
    return Path(str(kept.filename))


def test_network_that_wants_another_mean_has_features_of_its_own(tmp_path: Path, cache: Path, large: Path) -> None:
    plain, tags = demo_config(**FROZEN), ("ra_in1k", "ra4_e3600_r224_in1k")  # means 0.485 and 0.5, one network
    configs = [with_weights(large, plain, name=f"mobilenetv3_large_100.{tag}") for tag in tags]
    one, other = (kept_features(tmp_path / str(number), cache, config) for number, config in enumerate(configs))
    assert not np.allclose(np.load(one), np.load(other))


def test_dropout_in_training_changes_no_features(tmp_path: Path, cache: Path, weights: Path) -> None:
    plain = demo_config(**FROZEN)
    configs = [with_weights(weights, plain, drop_rate=rate) for rate in (0.0, 0.5)]
    one, other = (kept_features(tmp_path / str(number), cache, config) for number, config in enumerate(configs))
    assert one == other
