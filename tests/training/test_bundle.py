"""Trials that share a worker: each trains as it would alone, whatever becomes of the others."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ferray.artifacts.trial import TrialArtifacts
from ferray.config.job import JobBundle, TrialJob
from ferray.events import EpochReport, FailureReason, Outcome, Save
from ferray.testing.trials import demo_config, demo_job
from ferray.training import epoch
from ferray.training.assemble import Assembly
from ferray.training.bundle import BundleWorker
from ferray.training.checkpoint import SavePacer
from ferray.training.epoch import TrainedEpoch
from ferray.training.network_trainer import NetworkTrainer
from ferray.training.predictor import load_predictor
from ferray.training.trainer import OnBatch
from ferray.training.worker import TrialWorker

TINY = {"num_train": 70, "num_val": 35, "epochs": 3}


@pytest.fixture
def bundle(tmp_path: Path, cache: Path) -> JobBundle:
    """Three trials that draw while they train, in folders of their own."""
    (tmp_path / "trials").mkdir()
    configs = [demo_config(**TINY, head={"linear": {"dropout": 0.2}}, seed=seed) for seed in range(3)]
    jobs = [demo_job(tmp_path / "trials" / f"000{number}", cache, config) for number, config in enumerate(configs)]
    return JobBundle(tuple(replace(job, number=number) for number, job in enumerate(jobs)))


@pytest.fixture
def full_collections() -> Iterator[list[int]]:
    """An entry for each time that Python looks through all that is in the process."""
    seen: list[int] = []

    def notice(phase: str, info: dict[str, int]) -> None:
        if phase == "start" and info["generation"] == 2:
            seen.append(info["collected"])

    gc.callbacks.append(notice)
    yield seen
    gc.callbacks.remove(notice)


def losses_alone(job: TrialJob) -> list[float]:
    """The validation loss of each epoch, with a worker of its own."""
    worker = TrialWorker(replace(job, folder=f"{job.folder}-alone"))
    reports = [worker.step() for _ in range(3)]
    worker.close()
    return [loss_of(report) for report in reports]


def loss_of(report: EpochReport | Outcome) -> float:
    assert isinstance(report, EpochReport), report
    return report.metrics["val/loss"]


def break_epochs(monkeypatch: pytest.MonkeyPatch, *, seed: int, from_epoch: int) -> None:
    """The trial of this seed has a bug from that epoch on."""

    def run_epoch(parts: Assembly, number: int, *rest: Any) -> TrainedEpoch:
        if parts.config.seed == seed and number >= from_epoch:
            raise KeyError("boom")
        return real(parts, number, *rest)

    real = epoch.run_epoch
    monkeypatch.setattr("ferray.training.network_trainer.run_epoch", run_epoch)


def test_each_trial_gives_the_numbers_that_it_gives_alone(bundle: JobBundle) -> None:
    worker = BundleWorker(bundle)
    steps = [worker.step() for _ in range(3)]
    worker.close()
    together = [[loss_of(step[number]) for step in steps] for number in bundle.numbers]
    assert together == [losses_alone(job) for job in bundle.jobs]


def test_bundle_has_ended_with_the_last_of_its_trials(bundle: JobBundle) -> None:
    worker = BundleWorker(bundle)
    worker.step(), worker.step()
    assert worker.numbers == (0, 1, 2)
    worker.step()
    assert worker.numbers == ()
    worker.close()


def test_trial_that_fails_leaves_the_others_unharmed(bundle: JobBundle, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = losses_alone(bundle.jobs[2])
    break_epochs(monkeypatch, seed=1, from_epoch=2)
    worker = BundleWorker(bundle)
    steps = [worker.step() for _ in range(3)]
    worker.close()
    failure = steps[1][1]
    assert isinstance(failure, Outcome)
    assert failure.reason is FailureReason.BUG
    assert [sorted(step) for step in steps] == [[0, 1, 2], [0, 1, 2], [0, 2]]
    assert [loss_of(step[2]) for step in steps] == alone


def test_trial_that_is_dropped_takes_no_further_step(bundle: JobBundle) -> None:
    worker = BundleWorker(bundle)
    worker.step()
    assert worker.drop(1, save=Save.NOTHING) == ""
    assert sorted(worker.step()) == [0, 2]
    worker.close()


def test_trial_that_is_dropped_to_go_on_later_has_been_saved(
    bundle: JobBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SavePacer, "is_due", False)  # on a slow machine, all would be saved at their epoch's end
    worker = BundleWorker(bundle)
    worker.step()
    worker.drop(1, save=Save.LAST)
    worker.close()
    assert [(job.path / "last.pt").is_file() for job in bundle.jobs] == [False, True, False]


def test_trial_that_is_pruned_while_it_leads_leaves_what_answers_for_it(bundle: JobBundle) -> None:
    worker = BundleWorker(bundle)
    reports = worker.step()
    assert worker.drop(1, save=Save.BEST) == ""
    worker.close()
    kept, report = load_predictor(bundle.jobs[1].path / "best-so-far.pt").checkpoint, reports[1]
    assert isinstance(report, EpochReport)
    assert (kept.epoch, kept.confusion) == (1, report.confusion)
    assert not (bundle.jobs[1].path / "best.pt").exists()


def test_what_one_trial_leaves_in_the_process_is_not_there_for_the_next(
    bundle: JobBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[int] = []

    def step(worker: TrialWorker) -> EpochReport | Outcome:
        found.append(int(np.random.get_state()[2]))  # noqa: NPY002
        np.random.rand(3)  # noqa: NPY002
        return whole(worker)

    whole = TrialWorker.step
    monkeypatch.setattr(TrialWorker, "step", step)
    worker = BundleWorker(bundle)
    worker.step(), worker.step()
    worker.close()
    first, second = found[:3], found[3:]
    assert len(set(first)) == len(set(second)) == 1
    assert first != second


def test_a_fold_is_opened_in_the_state_of_its_own_trial(tmp_path: Path, cache: Path) -> None:
    def open_fold(job: TrialJob, on_batch: OnBatch | None = None) -> NetworkTrainer:
        found.append((job.config["seed"], int(np.random.get_state()[2])))  # noqa: NPY002
        np.random.rand(1 + job.config["seed"])  # noqa: NPY002
        return NetworkTrainer(job, on_batch)

    found: list[tuple[int, int]] = []
    np.random.seed(0), np.random.rand(1)  # noqa: NPY002
    (tmp_path / "trials").mkdir()
    config = demo_config(**{**TINY, "epochs": 1}, folds={"k": 2})
    jobs = [
        demo_job(tmp_path / "trials" / f"{seed}", cache, config.model_copy(update={"seed": seed})) for seed in range(2)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ferray.training.trainers.NetworkTrainer", open_fold)
        worker = BundleWorker(JobBundle(tuple(replace(job, number=number) for number, job in enumerate(jobs))))
        worker.step(), worker.step()
        worker.close()
    start = found[0][1]
    assert found[:2] == [(0, start), (1, start)]
    assert found[2:] == [(0, start + 2), (1, start + 4)]


def test_all_trials_are_saved_when_the_epoch_of_one_ends(bundle: JobBundle) -> None:
    worker = BundleWorker(bundle)
    worker.step()
    for job in bundle.jobs:
        TrialArtifacts.at(job.folder).request_stop()
    worker.step()
    worker.close()
    assert not any((job.path / "stop").exists() for job in bundle.jobs)
    assert all((job.path / "last.pt").is_file() for job in bundle.jobs)


def test_each_trial_goes_on_from_its_own_checkpoint(bundle: JobBundle) -> None:
    killed = BundleWorker(bundle)
    killed.step()
    saved = [killed.drop(number, save=Save.LAST) for number in bundle.numbers]  # and nothing more is heard of it
    again = JobBundle(
        tuple(replace(job, folder=f"{job.folder}-again", resume_from=str(job.path / "last.pt")) for job in bundle.jobs)
    )
    worker = BundleWorker(again)
    steps = [worker.step(), worker.step()]
    worker.close()
    assert saved == ["", "", ""]
    for number, job in enumerate(bundle.jobs):
        assert [loss_of(step[number]) for step in steps] == losses_alone(job)[1:]


def test_bundle_of_one_pays_for_no_other(bundle: JobBundle) -> None:
    worker = BundleWorker(JobBundle(bundle.jobs[:1]))
    assert worker._states == {}


def test_end_of_a_bundle_of_one_looks_through_the_process_once(bundle: JobBundle, full_collections: list[int]) -> None:
    worker = BundleWorker(JobBundle(bundle.jobs[:1]))
    worker.step()
    full_collections.clear()
    worker.close()
    assert len(full_collections) == 1


def test_bundle_survives_its_way_as_text(bundle: JobBundle) -> None:
    jobs = tuple(replace(job, resume_from="a/last.pt", resume_else=("b/last.pt",)) for job in bundle.jobs)
    assert JobBundle.from_text(JobBundle(jobs).to_text()) == JobBundle(jobs)
