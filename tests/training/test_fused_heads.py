"""Heads on the same kept features, trained as one, give what each gives alone, whatever becomes of the others."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from ferray.artifacts.trial import TrialArtifacts
from ferray.artifacts.validation_logits import read_validation_logits
from ferray.config.job import JobBundle, TrialJob
from ferray.events import EpochReport, Outcome, Save
from ferray.testing.bundles import train_bundle
from ferray.testing.trials import demo_config, demo_job
from ferray.training.assemble import Assembly, assemble
from ferray.training.backbone_features import keep_features
from ferray.training.bundle import BundleWorker
from ferray.training.checkpoint import read_checkpoint
from ferray.training.epoch import end_joint_epoch, run_epoch
from ferray.training.fused_epoch import features_on, run_epochs
from ferray.training.fused_heads import FusedHeads, why_alone
from ferray.training.head_stack import shape_of
from ferray.training.inputs import open_job_inputs
from ferray.training.joint_epoch import JointEpoch
from ferray.training.predictor import load_predictor
from ferray.training.trainers import open_trainer

EPOCHS = 2
STANDS = ("last_epoch", "_step_count", "_last_lr")  # of a schedule
PLAIN: dict[str, Any] = {"optimizer": {"name": "adamw", "lr": 0.01}, "head": {"linear": {"dropout": 0.3}}}
HEADS: dict[str, dict[str, Any]] = {
    "adamw": {},
    "adam": {"optimizer": {"name": "adam", "lr": 0.01, "weight_decay": 0.01}},
    "sgd": {"optimizer": {"name": "sgd", "lr": 0.1, "nesterov": True}},
    "sgd without momentum": {"optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.0}},
    "decay of matrices": {"optimizer": {"decay": "matrices", "weight_decay": 0.1, "head_lr_factor": 3.0}},
    "no dropout": {"head": {"linear": {"dropout": 0.0}}},
    "one cycle": {"schedule": {"name": "one_cycle", "warmup_epochs": 0.5}},
    "smoothed": {"label_smoothing": 0.1},
    "twin": {},  # of `adamw`, with its seed: what it sees and drops is the same
    "undersample": {"imbalance": "undersample"},
    "oversample": {"imbalance": "oversample"},
    "weighted_sampler": {"imbalance": "weighted_sampler"},
    "class_weights": {"imbalance": "class_weights"},
    "class_balanced": {"imbalance": "class_balanced"},
    "focal": {"imbalance": "focal"},
    "focal of another gamma": {"imbalance": {"focal": {"gamma": 0.7, "alpha": "inverse_frequency"}}},
    "ldam_drw": {"imbalance": {"ldam_drw": {"drw_start_fraction": 0.5}}},
    "logit_adjustment": {"imbalance": "logit_adjustment"},
    "post hoc": {"imbalance": {"logit_adjustment": {"mode": "post_hoc"}}},
    "balanced_softmax": {"imbalance": "balanced_softmax"},
    "gce": {"loss": "gce", "imbalance": "class_weights"},
    "sce": {"loss": "sce"},
    "bdr": {"outliers": {"bdr": {"start_epoch": 1, "every": 1, "k": 0.0}}, "epochs": 3},
    "gmm_loss": {"outliers": {"gmm_loss": {"start_epoch": 1, "every": 1}}},
    "trimmed_loss": {"outliers": {"trimmed_loss": {"start_epoch": 1, "every": 1}}},
    "aum": {"outliers": {"aum": {"start_epoch": 1, "every": 1}}},
    "self_cure": {"outliers": {"self_cure": {"start_epoch": 1, "every": 1}}},
}
SEEDS = {name: 0 if name in ("adamw", "twin") else number for number, name in enumerate(HEADS)}


@dataclass(frozen=True)
class Trained:
    """The reports of a trial, and its folder."""

    reports: list[EpochReport]
    job: TrialJob


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a small network, from outside: trials of all seeds have the same features."""
    import timm

    path = tmp_path_factory.mktemp("weights") / "net.safetensors"
    torch.manual_seed(0)
    net = timm.create_model("mobilenetv3_small_050", num_classes=0)
    save_file({name: tensor.contiguous() for name, tensor in net.state_dict().items()}, path)
    return path


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def job_of(folder: Path, cache: Path, weights: Path, number: int, **changes: Any) -> TrialJob:
    backbone = {"timm": {"name": "mobilenetv3_small_050", "weights": str(weights)}}
    settings = {**PLAIN, "backbone": backbone, "finetune": "head", "epochs": EPOCHS, **changes}
    folder.mkdir(exist_ok=True)
    return replace(demo_job(folder / f"{number:04}", cache, demo_config(**settings)), number=number)


def train_alone(job: TrialJob) -> list[EpochReport]:
    """Every report of a trial that no other is trained with."""
    with open_trainer(job) as trainer:
        reports = [trainer.step()]
        while not reports[-1].is_last:
            reports.append(trainer.step())
    return reports


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, cache: Path, weights: Path) -> dict[str, tuple[Trained, Trained]]:
    """Each head as a bundle has trained it, and alone."""
    folders = [tmp_path_factory.mktemp(name) for name in ("fused", "alone")]
    fused, alone = (
        [
            job_of(folder / "trials", cache, weights, number, seed=SEEDS[name], **changes)
            for number, (name, changes) in enumerate(HEADS.items())
        ]
        for folder in folders
    )
    told = train_bundle(fused)
    with open_trainer(job_of(folders[0] / "one more", cache, weights, 0)):  # whose backbone the others need not build
        return alone_beside(fused, told, alone)


def alone_beside(
    fused: list[TrialJob], told: dict[int, list[EpochReport]], alone: list[TrialJob]
) -> dict[str, tuple[Trained, Trained]]:
    return {
        name: (Trained(told[number], fused[number]), Trained(train_alone(alone[number]), alone[number]))
        for number, name in enumerate(HEADS)
    }


def metrics(trained: Trained) -> list[dict[str, float]]:
    """All that does not depend on the clock."""
    clocked = ("seconds", "images_per_s")
    return [
        {name: value for name, value in report.metrics.items() if name not in clocked} for report in trained.reports
    ]


def test_the_heads_are_fused(cache: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(group: Sequence[tuple[Assembly, int]], rows: Tensor) -> list[JointEpoch]:
        sizes.append(len(group))
        return run_epochs(group, rows)

    sizes: list[int] = []
    monkeypatch.setattr("ferray.training.fused_heads.run_epochs", run)
    train_bundle([job_of(tmp_path / "trials", cache, weights, number, seed=number, epochs=1) for number in range(3)])
    assert sizes == [3]


@pytest.mark.parametrize("name", HEADS)
def test_fused_head_has_the_metrics_that_it_has_alone(both: dict[str, tuple[Trained, Trained]], name: str) -> None:
    fused, alone = both[name]
    assert metrics(fused) == [pytest.approx(of_epoch, abs=1e-4) for of_epoch in metrics(alone)]


@pytest.mark.parametrize("name", ["bdr", "gmm_loss", "trimmed_loss", "aum"])
def test_fused_head_loses_the_samples_that_it_loses_alone(both: dict[str, tuple[Trained, Trained]], name: str) -> None:
    fused, alone = (removed_by(trained) for trained in both[name])
    assert fused
    assert fused == alone


def removed_by(trained: Trained) -> list[tuple[int, int]]:
    """The epoch and the sample of all that its outlier rule removed."""
    seen = [report.outliers for report in trained.reports if report.outliers is not None]
    return [(review.epoch, sample.sample_id) for review in seen for sample in review.removed]


def test_record_of_a_fused_head_is_as_complete(both: dict[str, tuple[Trained, Trained]]) -> None:
    fused, alone = ({path.name for path in trained.job.path.iterdir()} for trained in both["bdr"])
    assert fused == alone == {"config.json", "history.jsonl", "best.pt", "val-logits.safetensors", "removed.csv"}


def test_predictor_reads_a_fused_head(both: dict[str, tuple[Trained, Trained]]) -> None:
    fused, _ = both["focal"]
    best = next(report for report in reversed(fused.reports) if report.is_best)
    judged = load_predictor(fused.job.path / "best.pt").evaluate(open_job_inputs(fused.job).val)
    assert tuple(map(tuple, judged.confusion.tolist())) == best.confusion


def test_validation_logits_of_a_fused_head_are_those_it_has_alone(both: dict[str, tuple[Trained, Trained]]) -> None:
    fused, alone = (read_validation_logits(TrialArtifacts.at(trained.job.folder)) for trained in both["post hoc"])
    assert fused is not None
    assert alone is not None
    torch.testing.assert_close(torch.from_numpy(fused.logits), torch.from_numpy(alone.logits), atol=1e-4, rtol=0)


@pytest.fixture
def three(tmp_path: Path, cache: Path, weights: Path) -> list[TrialJob]:
    return [job_of(tmp_path / "trials", cache, weights, number, seed=number) for number in range(3)]


def alone(job: TrialJob) -> list[float]:
    return [report.metrics["val/loss"] for report in train_alone(replace(job, folder=f"{job.folder}-alone"))]


def losses(steps: list[dict[int, EpochReport | Outcome]], number: int) -> list[float]:
    return [report.metrics["val/loss"] for step in steps if isinstance(report := step.get(number), EpochReport)]


def test_head_that_is_pruned_leaves_the_others_as_they_were(three: list[TrialJob]) -> None:
    worker = BundleWorker(JobBundle(tuple(three)))
    steps = [worker.step()]
    worker.drop(1, save=Save.NOTHING)
    steps += [worker.step()]
    worker.close()
    assert losses(steps, 2) == pytest.approx(alone(three[2]), abs=1e-5)
    assert len(losses(steps, 1)) == 1


def test_killed_heads_go_on_from_their_own_checkpoints(three: list[TrialJob]) -> None:
    killed = BundleWorker(JobBundle(tuple(three)))
    killed.step()
    for job in three:
        killed.drop(job.number, save=Save.LAST)
    again = BundleWorker(JobBundle(tuple(three)))
    steps = [again.step()]
    again.close()
    assert losses(steps, 0) == pytest.approx(alone(three[0])[1:], abs=1e-5)


def die_in_third_epoch(jobs: list[TrialJob]) -> None:
    """Have them save after two epochs, and kill this process in the middle of the next one."""
    worker = BundleWorker(JobBundle(tuple(jobs)))
    worker.step()
    for job in jobs:
        TrialArtifacts.at(job.folder).request_stop()
    worker.step()
    kill = partial(os.kill, os.getpid(), signal.SIGKILL)
    pytest.MonkeyPatch().setattr("ferray.training.fused_epoch.Lane._evaluate", lambda *_: kill())
    worker.step()


def test_heads_whose_process_is_killed_in_a_joint_epoch_go_on_exactly(
    tmp_path: Path, cache: Path, weights: Path
) -> None:
    jobs, whole = (
        [job_of(tmp_path / name, cache, weights, number, seed=number, epochs=4) for number in range(3)]
        for name in ("killed", "whole")
    )
    act = f"from tests.training.test_fused_heads import *; die_in_third_epoch({jobs!r})"
    killed = subprocess.run([sys.executable, "-c", act], check=False)
    assert killed.returncode == -signal.SIGKILL
    told, expected = train_bundle(jobs), train_bundle(whole)
    assert [report.epoch for report in told[0]] == [3, 4]
    for number in range(3):
        after, all_epochs = Trained(told[number], jobs[number]), Trained(expected[number], whole[number])
        assert metrics(after) == metrics(all_epochs)[2:]


@pytest.fixture
def saved(three: list[TrialJob]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a head saves after an epoch among others, and after one by itself."""
    own_folder = f"{three[0].folder}-alone"
    worker = BundleWorker(JobBundle(tuple(three)))
    worker.step()
    worker.drop(0, save=Save.LAST)
    worker.close()
    with open_trainer(replace(three[0], folder=own_folder)) as trainer:
        trainer.step()
        trainer.save()
    fused, own = (read_checkpoint(TrialArtifacts.at(folder).last, "last") for folder in (three[0].folder, own_folder))
    return fused, own


def test_checkpoint_of_a_fused_head_is_that_of_one_alone(saved: tuple[dict[str, Any], dict[str, Any]]) -> None:
    fused, own = (state["learner"] for state in saved)
    torch.testing.assert_close(fused["model"], own["model"], atol=1e-5, rtol=0)
    torch.testing.assert_close(fused["optimizer"], own["optimizer"], atol=1e-5, rtol=1e-3)
    assert [fused["schedule"][name] for name in STANDS] == [own["schedule"][name] for name in STANDS]


def test_random_states_of_a_fused_head_are_those_of_one_alone(saved: tuple[dict[str, Any], dict[str, Any]]) -> None:
    fused, own = (state["rng"]["cpu"] for state in saved)
    assert torch.equal(fused, own)


def test_head_that_diverges_diverges_alone(tmp_path: Path, cache: Path, weights: Path) -> None:
    rates = [0.01, 10.0]
    jobs = [
        job_of(
            tmp_path / "trials",
            cache,
            weights,
            number,
            seed=number,
            optimizer={"name": "sgd", "lr": rate, "momentum": 0.99},
            pixels={"normalise": "unit"},
        )
        for number, rate in enumerate(rates)
    ]
    worker = BundleWorker(JobBundle(tuple(jobs)))
    worker.step()
    wrecked = worker._training[1].upcoming()
    assert wrecked is not None
    with torch.no_grad():
        next(wrecked.parts.learner.model.head.parameters()).fill_(math.nan)
    step = worker.step()
    worker.close()
    told = [report.diverged for report in step.values() if isinstance(report, EpochReport)]
    assert told == [False, True]


def test_joint_epoch_that_fails_is_had_by_each_alone(three: list[TrialJob], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("boom")

    expected = alone(three[0])
    monkeypatch.setattr("ferray.training.fused_epoch.Lane._evaluate", broken)
    told = train_bundle(three)
    assert [report.metrics["val/loss"] for report in told[0]] == expected  # bit for bit: nothing had changed
    assert "as together with others it failed: boom" in told[0][0].note


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"optimizer": {"name": "lion"}}, "optimizer `lion`"),
        ({"ema": True}, "`ema`"),
        ({"clip": True}, "`clip`"),
        ({"augment": "light"}, "no kept features"),
        ({}, ""),
    ],
)
def test_what_is_not_fused_is_said(
    tmp_path: Path, cache: Path, weights: Path, changes: dict[str, Any], why: str
) -> None:
    with open_trainer(job_of(tmp_path / "trials", cache, weights, 0, **changes)) as trainer:
        upcoming = trainer.upcoming()
        assert upcoming is not None
        assert why_alone(upcoming.parts) == why


def frozen_head() -> nn.Linear:
    return nn.Linear(4, 3).requires_grad_(False)


@pytest.mark.parametrize(
    "layers",
    [
        [nn.Linear(4, 3, bias=False)],
        [frozen_head()],
        [nn.BatchNorm1d(4, affine=False), nn.Linear(4, 3)],
        [nn.BatchNorm1d(4, momentum=None), nn.Linear(4, 3)],
        [nn.BatchNorm1d(4, track_running_stats=False), nn.Linear(4, 3)],
    ],
)
def test_head_of_another_package_whose_layers_do_not_stack_is_alone(layers: list[nn.Module]) -> None:
    assert shape_of(nn.Sequential(*layers)) is None
    assert shape_of(nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 3))) is not None


def test_rows_in_memory_are_not_taken_for_those_that_lay_there_before(monkeypatch: pytest.MonkeyPatch) -> None:
    # A copy, as on a GPU.
    monkeypatch.setattr("ferray.training.fused_heads.features_on", lambda _, rows: torch.tensor(rows))
    fused = FusedHeads()

    def first_of(value: float) -> float:
        rows = np.full((2, 2), value, dtype=np.float32)
        learner = SimpleNamespace(precision=SimpleNamespace(device="cpu"))
        splits = SimpleNamespace(train=SimpleNamespace(features=rows))
        return float(fused._features_of(cast(Assembly, SimpleNamespace(splits=splits, learner=learner)))[0, 0])

    assert [first_of(value) for value in range(8)] == list(range(8))


@pytest.mark.parametrize("head", [{"selu_mlp": {"hidden": 16}}, {"bn_mlp": {"hidden": 16}}])
def test_heads_with_a_hidden_layer_give_what_they_give_alone(
    tmp_path: Path, cache: Path, weights: Path, head: dict[str, Any]
) -> None:
    jobs = [job_of(tmp_path / "trials", cache, weights, number, seed=number, head=head) for number in range(2)]
    fused, own = ([keep_features(assemble(job)) for job in jobs] for _ in range(2))
    rows = fused[0].splits.train.features
    assert rows is not None
    for epoch in (1, 2):
        joint = run_epochs([(parts, epoch) for parts in fused], features_on(torch.device("cpu"), rows))
        together = [end_joint_epoch(parts, epoch, part).report for parts, part in zip(fused, joint, strict=True)]
        by_themselves = []
        for parts in own:
            with parts.randomness.active():
                by_themselves.append(run_epoch(parts, epoch).report)
        assert [report.metrics["val/loss"] for report in together] == pytest.approx(
            [report.metrics["val/loss"] for report in by_themselves], abs=1e-4
        )


@pytest.mark.parametrize(("share_s", "sizes"), [(1e-9, [2, 3]), (1e6, [2])])
def test_hidden_layers_on_a_cpu_go_on_together_where_that_is_faster(
    tmp_path: Path, cache: Path, weights: Path, monkeypatch: pytest.MonkeyPatch, share_s: float, sizes: list[int]
) -> None:
    def run(group: Sequence[tuple[Assembly, int]], rows: Tensor) -> list[JointEpoch]:
        found.append(len(group))
        return [replace(joint, spent=(share_s, share_s)) for joint in run_epochs(group, rows)]

    found: list[int] = []
    monkeypatch.setattr("ferray.training.fused_heads.run_epochs", run)
    head = {"selu_mlp": {"hidden": 8}}
    train_bundle([job_of(tmp_path / "trials", cache, weights, number, seed=number, head=head) for number in range(3)])
    assert found == sizes
