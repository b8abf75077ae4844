"""A predictor in a process that can import no Ray, Optuna, W&B or albumentations, and can open no data."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ferray.config.job import TrialJob
from ferray.config.trial import TrialConfig
from ferray.events import EpochReport
from ferray.imbalance import soft_cross_entropy
from ferray.stats.metrics import confusion_matrix
from ferray.testing.trials import demo_config, demo_job
from ferray.training.evaluation import evaluation_size, plain_batches, score
from ferray.training.inputs import open_job_inputs
from ferray.training.network_trainer import NetworkTrainer
from ferray.training.trainers import open_trainer

TIMM = {"timm": {"name": "mobilenetv3_small_050"}}
POST_HOC = {"logit_adjustment": {"mode": "post_hoc"}}
NETWORKS: dict[str, dict[str, Any]] = {
    "tiny_cnn": {},
    "timm": {"backbone": TIMM},
    "frozen": {"backbone": TIMM, "finetune": "head"},
    "grey": {"pixels": {"grey": True, "normalise": "train_std"}},
    "features_mlp": {"descriptor": "lpq", "backbone": "features_mlp"},
    "logit_adjustment": {"imbalance": POST_HOC},
    "removed": {"imbalance": POST_HOC, "outliers": {"trimmed_loss": {"start_epoch": 1}}},
    "balanced_softmax": {"imbalance": "balanced_softmax"},
}
ESTIMATORS: dict[str, dict[str, Any]] = {
    "svm": {"descriptor": "lpq", "estimator": "svm"},
    "adjusted svm": {"estimator": "svm", "imbalance": POST_HOC},
}
KINDS = {**NETWORKS, **ESTIMATORS}
CROSSED = ("fold 0", "fold 1")
PROBE = """
import importlib.abc, sys
from dataclasses import dataclass, replace
from pathlib import Path

class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("ray", "optuna", "wandb", "albumentations"):
            raise ImportError(f"{name} is not to be had")

def refuse(event, args):
    if event in ("open", "os.listdir", "os.scandir") and str(args[0]).startswith(data):
        raise AssertionError(f"{args[0]} is data")

data, *folders = sys.argv[1:]
sys.meta_path.insert(0, Refuse())
sys.addaudithook(refuse)
import numpy as np, torch, ferray
torch.set_num_threads(1)
for folder in map(Path, folders):
    answered = ferray.load_predictor(folder / "best.pt")(np.load(folder / "images.npy"))
    np.save(folder / "answered.npy", answered.numpy())
"""


@dataclass(frozen=True)
class Told:
    """What training said of a trial's one epoch, and a network's own answers to the validation images."""

    report: EpochReport
    logits: Tensor | None


def trained(job: TrialJob) -> Told:
    with open_trainer(job) as trainer:
        report = trainer.step()
        if not isinstance(trainer, NetworkTrainer):
            return Told(report, None)
        parts, choice = trainer.parts, job.trial_config().imbalance
        val = parts.splits.val
        batches = plain_batches(val, np.arange(len(val)), evaluation_size(parts.config.batch_size), parts.prefetcher)
        strategy = choice.load()(choice.build_params(), parts.training.initial_counts)  # as that epoch had it
        return Told(report, strategy.adjust_logits(score(parts.learner, batches)))


def keep_images(job: TrialJob) -> None:
    """Put the validation images beside the checkpoint."""
    val = open_job_inputs(job).val
    np.save(job.path / "images.npy", val.images_of(np.arange(len(val))))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("alone")


@pytest.fixture(scope="module")
def told(folder: Path, cache: Path) -> dict[str, Told]:
    """What training said, by the name of the trial; what a process without anything answered lies in its folder."""
    jobs = {name: demo_job(folder / name, cache, demo_config(epochs=1, **changes)) for name, changes in KINDS.items()}
    said = {name: trained(job) for name, job in jobs.items()}
    crossed = demo_job(folder / "crossed", cache, demo_config(epochs=1, folds={"k": 2}))
    with open_trainer(crossed) as trainer:
        reports = [trainer.step() for _ in range(2)]
    for fold, report in enumerate(reports):
        config = crossed.trial_config().in_fold(fold)
        jobs[f"fold {fold}"] = replace(crossed, folder=f"{crossed.folder}/fold-{fold}", config=config.to_json())
        alone = trained(demo_job(folder / f"alone-{fold}", cache, config))
        said[f"fold {fold}"] = Told(report, alone.logits)
    for job in jobs.values():
        keep_images(job)
    command = [sys.executable, "-c", PROBE, str(cache), *(job.folder for job in jobs.values())]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert ran.returncode == 0, ran.stderr
    return said


def answered(folder: Path, name: str) -> Tensor:
    own = folder / (f"crossed/fold-{name[-1]}" if name.startswith("fold") else name)
    return torch.from_numpy(np.load(own / "answered.npy"))


@pytest.mark.parametrize("name", [*NETWORKS, *CROSSED])
def test_the_logits_are_those_of_training(folder: Path, told: dict[str, Told], name: str) -> None:
    assert told[name].logits is not None
    assert torch.equal(answered(folder, name), told[name].logits)


@pytest.mark.parametrize("name", [*KINDS, *CROSSED])
def test_the_predictions_are_those_that_training_counted(
    folder: Path, told: dict[str, Told], cache: Path, name: str
) -> None:
    config = one_of(name)
    labels = torch.from_numpy(open_job_inputs(demo_job(folder, cache, config)).val.labels)
    predicted = confusion_matrix(labels, answered(folder, name).argmax(dim=1), 7)
    assert tuple(map(tuple, predicted.tolist())) == told[name].report.confusion


@pytest.mark.parametrize("name", ESTIMATORS)
def test_an_estimators_loss_is_that_of_training(folder: Path, told: dict[str, Told], cache: Path, name: str) -> None:
    labels = torch.from_numpy(open_job_inputs(demo_job(folder, cache, one_of(name))).val.labels)
    loss = soft_cross_entropy(answered(folder, name), torch.nn.functional.one_hot(labels, 7).float())
    assert float(loss) == told[name].report.metrics["val/loss"]


def one_of(name: str) -> TrialConfig:
    """The configuration of a trial by its name."""
    if name in KINDS:
        return demo_config(epochs=1, **KINDS[name])
    return demo_config(epochs=1, folds={"k": 2}).in_fold(int(name[-1]))
