"""Two stages on drawn faces: the second starts from the first, and says so."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ferray.config.job import TrialJob
from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError
from ferray.testing.trials import demo_config, demo_job
from ferray.training.network_trainer import NetworkTrainer
from ferray.training.worker import adopt

# The faces of test_learning.py, so that they are drawn once.
FIRST = {"num_train": 1500, "num_val": 200, "image_size": 48, "batch_size": 32, "optimizer": {"lr": 3e-3}}


def second_stage(**changes: object) -> TrialConfig:
    """The other stage's faces: drawn from another seed, right labels, one epoch."""
    faces = {"num_train": 84, "num_val": 140, "num_test": 7, "label_noise": 0.0, "seed": 1}
    return demo_config(dataset={"demo": faces}, epochs=1, image_size=48, **changes)


def train(job: TrialJob) -> float:
    """The balanced recall of the last epoch."""
    with NetworkTrainer(job) as trainer:
        return [trainer.step().metrics["val/uar"] for _ in range(job.trial_config().epochs)][-1]


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    folder = tmp_path_factory.mktemp("parent")
    train(demo_job(folder, cache, demo_config(**FIRST)))
    return folder / "best.pt"


def child(folder: Path, cache: Path, parent: Path, **changes: object) -> TrialJob:
    return demo_job(folder, cache, second_stage(init_from="stage-one:best", **changes), init_from=str(parent))


def test_the_second_stage_starts_better_than_from_scratch(tmp_path: Path, cache: Path, parent: Path) -> None:
    from_parent = train(child(tmp_path / "child", cache, parent))
    from_scratch = train(demo_job(tmp_path / "scratch", cache, second_stage()))
    assert from_parent > from_scratch + 0.1


def test_the_folder_names_the_parent(tmp_path: Path, cache: Path, parent: Path) -> None:
    NetworkTrainer(child(tmp_path, cache, parent)).close()
    record = json.loads((tmp_path / "init.json").read_text())
    assert (record["path"], record["recipe"]) == (str(parent), demo_config(**FIRST).recipe)


def test_the_first_epoch_says_what_was_loaded(tmp_path: Path, cache: Path, parent: Path) -> None:
    with NetworkTrainer(child(tmp_path, cache, parent)) as trainer:
        assert trainer.step().note == f"backbone of tiny_cnn from `{parent}`, epoch 2, head kept"


def test_best_checkpoint_names_the_parent(tmp_path: Path, cache: Path, parent: Path) -> None:
    train(child(tmp_path, cache, parent))
    assert torch.load(tmp_path / "best.pt", weights_only=True)["init"]["path"] == str(parent)


def test_a_deleted_parent_is_named(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no checkpoint `.*gone/best.pt` to start from"):
        NetworkTrainer(child(tmp_path / "child", cache, tmp_path / "gone" / "best.pt"))


def test_a_path_in_the_configuration_needs_no_driver(tmp_path: Path, cache: Path, parent: Path) -> None:
    with NetworkTrainer(demo_job(tmp_path, cache, second_stage(init_from=str(parent)))) as trainer:
        assert trainer.init is not None


def test_a_trial_goes_on_without_its_parent(tmp_path: Path, cache: Path, parent: Path) -> None:
    job = child(tmp_path / "child", cache, parent, batch_size=32)
    with NetworkTrainer(job) as trainer:
        trainer.epochs_done = 1
        trainer.save()
    with NetworkTrainer(replace(job, init_from=str(tmp_path / "gone.pt"))) as trainer:
        assert trainer.init is not None
        assert trainer.init["path"] == str(parent)


def test_a_trial_whose_checkpoint_is_torn_begins_with_its_parent_again(
    tmp_path: Path, cache: Path, parent: Path
) -> None:
    job = child(tmp_path / "child", cache, parent)
    job.path.mkdir()
    (job.path / "last.pt").write_bytes(b"torn")
    with NetworkTrainer(job) as trainer:
        assert trainer.init is not None


def test_a_trial_that_is_taken_over_keeps_the_name_of_its_parent(tmp_path: Path, cache: Path, parent: Path) -> None:
    job = child(tmp_path / "first", cache, parent)
    train(job)
    adopt(replace(job, folder=str(tmp_path / "second"), resume_from=str(tmp_path / "first" / "best.pt")))
    assert (tmp_path / "second" / "init.json").read_text() == (tmp_path / "first" / "init.json").read_text()


def test_a_trial_from_scratch_names_none(tmp_path: Path, cache: Path) -> None:
    NetworkTrainer(demo_job(tmp_path, cache, second_stage())).close()
    assert not (tmp_path / "init.json").exists()
