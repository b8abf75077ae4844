"""The wall around a trainer: failures by name, memory, stopping, taking over what had ended."""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import ferray.training.worker as worker_module
from ferray.artifacts.trial import TrialArtifacts
from ferray.config.job import TrialJob
from ferray.events import EpochReport, FailureReason, Outcome, OutcomeKind
from ferray.imbalance import soft_cross_entropy
from ferray.testing.trials import demo_config, demo_job
from ferray.training import epoch
from ferray.training.batches import Batch
from ferray.training.step import Learner, TrainingPass
from ferray.training.trainer import Trainer
from ferray.training.worker import TrialWorker

TINY = {"num_train": 70, "num_val": 35, "image_size": 32, "batch_size": 16, "epochs": 3}


@pytest.fixture
def job(tmp_path: Path, cache: Path) -> TrialJob:
    (tmp_path / "trials").mkdir()
    return demo_job(tmp_path / "trials" / "0000", cache, demo_config(**TINY))


def finish(worker: TrialWorker) -> list[EpochReport]:
    reports = []
    while not (reports and reports[-1].is_last):
        report = worker.step()
        assert isinstance(report, EpochReport), report
        reports.append(report)
    worker.close()
    return reports


def fail_once(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """The first batch trained from now on raises `error`."""
    whole, left = epoch.train_epoch, [error]

    def train_epoch(*args: Any, **kwargs: Any) -> Any:
        if left:
            raise left.pop()
        return whole(*args, **kwargs)

    monkeypatch.setattr(epoch, "train_epoch", train_epoch)


def test_bug_becomes_an_outcome_with_its_traceback_on_disk(job: TrialJob, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_once(monkeypatch, KeyError("boom"))
    outcome = TrialWorker(job).step()
    assert isinstance(outcome, Outcome)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.FAILED, FailureReason.BUG)
    assert "Traceback" in Path(outcome.error_file).read_text()


def test_lack_of_memory_is_met_with_half_batches_once(job: TrialJob, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_once(monkeypatch, torch.OutOfMemoryError("CUDA out of memory"))
    reports = finish(TrialWorker(job))
    assert [report.accumulated for report in reports] == [2, 2, 2]


def test_nothing_of_the_first_attempt_lives_when_the_second_begins(
    job: TrialJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    first: list[weakref.ref[Any]] = []
    alive_then: list[list[Any]] = []
    real_epoch, real_open = epoch.train_epoch, worker_module.open_trainer

    def train_epoch(learner: Learner, batches: Iterator[Batch], *rest: Any, **options: Any) -> TrainingPass:
        if first:
            return real_epoch(learner, batches, *rest, **options)
        batch = next(iter(batches))
        loss = learner.logits(batch.images).sum()
        learner.collect(loss)
        held = [*learner.model.parameters(), learner.model, learner.optimizer, batch, batch.images, loss]
        first.extend(weakref.ref(thing) for thing in held)
        raise torch.OutOfMemoryError("CUDA out of memory")

    def open_trainer(job: TrialJob) -> Trainer:
        alive_then.append([type(thing).__name__ for ref in first if (thing := ref()) is not None])
        return real_open(job)

    monkeypatch.setattr(epoch, "train_epoch", train_epoch)
    monkeypatch.setattr(worker_module, "open_trainer", open_trainer)
    finish(TrialWorker(job))
    assert first
    assert alive_then == [[], []]


def test_lack_of_memory_on_a_shared_gpu_is_the_shares_and_cuts_no_batch(
    job: TrialJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_once(monkeypatch, torch.OutOfMemoryError("CUDA out of memory"))
    outcome = TrialWorker(replace(job, gpu_fraction=0.25)).step()
    assert isinstance(outcome, Outcome)
    assert outcome.reason is FailureReason.OUT_OF_MEMORY


def test_trial_that_ends_well_in_half_batches_leaves_no_traceback(
    job: TrialJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_once(monkeypatch, torch.OutOfMemoryError("CUDA out of memory"))
    finish(TrialWorker(job))
    assert not (job.path / "error.txt").exists()


def test_lack_of_memory_twice_is_a_failure(job: TrialJob, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_once(monkeypatch, torch.OutOfMemoryError("CUDA out of memory"))
    outcome = TrialWorker(replace(job, accumulate=2)).step()
    assert isinstance(outcome, Outcome)
    assert outcome.reason is FailureReason.OUT_OF_MEMORY


def test_half_batches_change_no_gradient_without_batch_norm() -> None:
    model = torch.nn.Linear(4, 3)
    images, labels = torch.randn(6, 4, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 2, 0, 1, 2])
    whole = Batch(images, labels)
    sums = []
    for pieces in (1, 2):
        model.zero_grad()
        for piece in whole.cut(pieces):
            target = torch.nn.functional.one_hot(piece.labels, 3).float()
            (soft_cross_entropy(model(piece.images), target) * len(piece) / len(whole)).backward()
        sums.append(model.weight.grad.clone())
    torch.testing.assert_close(sums[0], sums[1])


def test_stop_request_saves_and_is_acknowledged(job: TrialJob) -> None:
    worker = TrialWorker(job)
    worker.step()
    TrialArtifacts.at(job.folder).request_stop()
    worker.step()
    assert not (job.path / "stop").exists()
    assert (job.path / "last.pt").is_file()
    worker.close()


def test_first_report_after_a_resume_brings_the_earlier_ones(job: TrialJob, tmp_path: Path) -> None:
    first = TrialWorker(job)
    before = first.step()
    first.save()
    first.close()
    again = TrialWorker(replace(job, folder=str(tmp_path / "trials/0001"), resume_from=str(job.path / "last.pt")))
    report = again.step()
    assert isinstance(report, EpochReport)
    assert isinstance(before, EpochReport)
    assert report.earlier is not None
    assert [earlier.metrics["val/loss"] for earlier in report.earlier] == [before.metrics["val/loss"]]
    again.close()


def test_trial_that_had_ended_is_adopted_not_trained_again(
    job: TrialJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports = finish(TrialWorker(job))
    fail_once(monkeypatch, AssertionError("it trains"))
    again = TrialWorker(replace(job, folder=str(tmp_path / "trials/0001"), resume_from=str(job.path / "best.pt")))
    report = again.step()
    assert isinstance(report, EpochReport), report
    assert report.metrics["val/loss"] == reports[-1].metrics["val/loss"]
    assert (tmp_path / "trials/0001/best.pt").is_file()


def test_trial_whose_end_is_torn_is_trained_again_and_that_is_said(job: TrialJob, tmp_path: Path) -> None:
    finish(TrialWorker(job))
    (job.path / "best.pt").write_bytes(b"torn")
    again = TrialWorker(replace(job, folder=str(tmp_path / "trials/0001"), resume_from=str(job.path / "best.pt")))
    reports = finish(again)
    assert len(reports) == 3
    assert reports[0].note.endswith("is torn, or not a checkpoint of ferray; it is trained again")


def test_report_survives_its_way_through_json_with_its_past(job: TrialJob) -> None:
    reports = finish(TrialWorker(job))
    last = replace(reports[-1], earlier=tuple(replace(report, earlier=None) for report in reports[:-1]))
    assert EpochReport.from_json(json.loads(json.dumps(last.to_json()))) == last


def test_folder_of_a_disk_that_this_node_lacks_is_named(job: TrialJob, tmp_path: Path) -> None:
    outcome = TrialWorker(replace(job, folder=str(tmp_path / "nowhere" / "0000"))).step()
    assert isinstance(outcome, Outcome)
    assert outcome.reason is FailureReason.STORAGE
    assert "is not on this node" in outcome.message


def test_a_node_without_a_client_for_the_address_is_at_fault_and_not_the_trial(job: TrialJob) -> None:
    outcome = TrialWorker(replace(job, folder="nowhere://faces/trials/0000-ab")).step()
    assert isinstance(outcome, Outcome)
    assert (outcome.reason, "on this node" in outcome.message) == (FailureReason.STORAGE, True)


def of_pictures(job: TrialJob, data_root: Path) -> TrialJob:
    """The same trial on a folder of pictures that this node may lack."""
    return replace(job, config={**job.config, "dataset": {"image_folder": {}}}, data_root=str(data_root))


def test_data_root_that_this_node_lacks_is_named(job: TrialJob, tmp_path: Path) -> None:
    outcome = TrialWorker(of_pictures(job, tmp_path / "nowhere")).step()
    assert isinstance(outcome, Outcome)
    assert outcome.reason is FailureReason.STORAGE
    assert outcome.message.startswith(f"the data root `{tmp_path / 'nowhere'}` is not on this node")


def test_data_that_is_missing_below_its_root_is_no_failure_of_the_node(job: TrialJob, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    outcome = TrialWorker(of_pictures(job, tmp_path / "data")).step()
    assert isinstance(outcome, Outcome)
    assert outcome.reason is FailureReason.DATA
