"""A trial in stages: each from the weights of the one before, shared by trials, killed and resumed bit for bit."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ferray.artifacts.trial import stage_folder
from ferray.config.job import TrialJob
from ferray.config.trial import TrialConfig
from ferray.errors import CheckpointError
from ferray.events import EpochReport
from ferray.testing.trials import demo_config, demo_job
from ferray.training.network_trainer import NetworkTrainer
from ferray.training.stages import StagedTrainer
from ferray.training.trainers import open_trainer
from ferray.training.worker import TrialWorker

TIMES = ("seconds", "images_per_s")
OTHER = {"demo": {"num_train": 28, "num_val": 14, "num_test": 7, "seed": 5}}
SIZES: dict[str, Any] = {"num_train": 42, "num_val": 14, "image_size": 16}
FIRST = {"dataset": OTHER, "epochs": 2, "optimizer.lr": 0.01}


def staged_config(*stages: dict[str, Any], **changes: Any) -> TrialConfig:
    return demo_config(stages=[FIRST, *stages] if stages else [FIRST, {}], **SIZES, **changes)


def staged_job(folder: Path, cache: Path, *stages: dict[str, Any], **changes: Any) -> TrialJob:
    """Two epochs on other faces, then two on those of the trial; beside the folder lies what trials share."""
    return demo_job(folder, cache, staged_config(*stages, **changes), shared=str(folder.parent))


def shared_stage(job: TrialJob) -> Path:
    return Path(job.shared) / stage_folder(job.trial_config().earlier_stages[-1])


def all_epochs(job: TrialJob) -> list[EpochReport]:
    with open_trainer(job) as trainer:
        return to_the_end(trainer)


def to_the_end(trainer: Any) -> list[EpochReport]:
    reports = [trainer.step()]
    while not reports[-1].is_last:
        reports.append(trainer.step())
    return reports


def lasting(reports: list[EpochReport]) -> list[tuple[object, ...]]:
    """What must be the same bits however often a trial is killed."""
    return [
        (report.stage, report.epoch, report.confusion, {k: v for k, v in report.metrics.items() if k not in TIMES})
        for report in reports
    ]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> tuple[TrialJob, list[EpochReport]]:
    job = staged_job(tmp_path_factory.mktemp("whole") / "0000", cache)
    return job, all_epochs(job)


def test_epochs_of_each_stage_count_by_themselves(whole: tuple[TrialJob, list[EpochReport]]) -> None:
    counted = [(report.stage, report.epoch, report.ends_stage, report.is_last) for report in whole[1]]
    assert counted == [(1, 1, False, False), (1, 2, True, False), (0, 1, False, False), (0, 2, False, True)]


def test_an_earlier_stage_is_the_training_it_would_be_alone(
    tmp_path: Path, cache: Path, whole: tuple[TrialJob, list[EpochReport]]
) -> None:
    alone = demo_job(tmp_path / "alone", cache, whole[0].trial_config().earlier_stages[0])
    with NetworkTrainer(alone) as trainer:
        reports = to_the_end(trainer)
    assert lasting([replace(report, stage=1) for report in reports]) == lasting(whole[1][:2])


def test_the_last_stage_is_a_trial_that_begins_with_the_one_before(
    tmp_path: Path, cache: Path, whole: tuple[TrialJob, list[EpochReport]]
) -> None:
    begun = demo_job(
        tmp_path / "begun",
        cache,
        demo_config(init_from=str(shared_stage(whole[0]) / "best.pt"), **SIZES),
    )
    with NetworkTrainer(begun) as trainer:
        assert lasting(to_the_end(trainer)) == lasting(whole[1][2:])


def test_the_history_is_that_of_the_last_stage(whole: tuple[TrialJob, list[EpochReport]]) -> None:
    lines = (whole[0].path / "history.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2]


def test_the_trial_says_what_it_began_with(whole: tuple[TrialJob, list[EpochReport]]) -> None:
    init = json.loads((whole[0].path / "init.json").read_text())
    assert init["recipe"] == whole[0].trial_config().earlier_stages[0].recipe
    assert init["config"]["dataset"]["demo"]["seed"] == 5


def test_a_shared_stage_says_which_trial_has_trained_it(tmp_path: Path, cache: Path) -> None:
    job = replace(staged_job(tmp_path / "0007", cache), number=7)
    all_epochs(job)
    assert (shared_stage(job) / "trained-by.txt").read_text() == "7\n"


def test_a_stage_that_is_shared_leaves_nothing_in_the_trial(whole: tuple[TrialJob, list[EpochReport]]) -> None:
    assert not list(whole[0].path.glob("stage-*"))


def test_a_second_trial_begins_with_the_stage_that_the_first_has_trained(
    cache: Path, whole: tuple[TrialJob, list[EpochReport]]
) -> None:
    job = staged_job(whole[0].path.parent / "0001", cache, {"epochs": 1, "optimizer.lr": 1e-4})
    assert [report.stage for report in all_epochs(job)] == [0]


@pytest.mark.parametrize("killed_after", [1, 2])
def test_a_killed_trial_goes_on_bit_for_bit(
    tmp_path: Path, cache: Path, whole: tuple[TrialJob, list[EpochReport]], killed_after: int
) -> None:
    job = staged_job(tmp_path / "0000", cache)
    with open_trainer(job) as trainer:
        before = [trainer.step() for _ in range(killed_after)]
        trainer.save()
    assert lasting([*before, *all_epochs(job)]) == lasting(whole[1])


def test_a_retry_goes_on_with_the_stage_of_the_attempt_before(
    tmp_path: Path, cache: Path, whole: tuple[TrialJob, list[EpochReport]]
) -> None:
    first = staged_job(tmp_path / "0000", cache)
    with open_trainer(first) as trainer:
        before = [trainer.step()]
        trainer.save()
    retry = replace(first, folder=str(tmp_path / "0001"), attempts=(first.folder,))
    assert lasting([*before, *all_epochs(retry)]) == lasting(whole[1])


def test_a_stage_that_ended_and_was_not_shared_is_not_trained_again(
    tmp_path: Path, cache: Path, whole: tuple[TrialJob, list[EpochReport]]
) -> None:
    first = staged_job(tmp_path / "0000", cache)
    name = stage_folder(first.trial_config().earlier_stages[0])
    with open_trainer(replace(first, folder=f"{first.folder}/{name}", config=_config_before(first))) as trainer:
        to_the_end(trainer)
    assert lasting(all_epochs(first)) == lasting(whole[1][2:])


def _config_before(job: TrialJob) -> dict[str, Any]:
    return job.trial_config().earlier_stages[0].to_json()


def test_three_stages_follow_one_another(tmp_path: Path, cache: Path) -> None:
    job = staged_job(tmp_path / "0000", cache, {"epochs": 1, "finetune": "head"}, {"epochs": 1})
    told = [(report.stage, report.stages, report.epoch) for report in all_epochs(job)]
    assert told == [(1, 3, 1), (1, 3, 2), (2, 3, 1), (0, 1, 1)]


def test_folds_share_a_stage_on_other_data(tmp_path: Path, cache: Path) -> None:
    job = staged_job(tmp_path / "0000", cache, {"epochs": 1}, folds={"k": 2})
    told = [(report.stage, report.fold, report.epoch) for report in all_epochs(job)]
    assert told == [(1, 0, 1), (1, 0, 2), (0, 0, 1), (0, 1, 2)]


def test_epochs_of_a_stage_say_of_which_fold_they_are(tmp_path: Path, cache: Path) -> None:
    config = demo_config(stages=[{"epochs": 1}, {}], **{**SIZES, "epochs": 1}, folds={"k": 2})
    job = demo_job(tmp_path / "0000", cache, config)
    assert [(report.stage, report.fold) for report in all_epochs(job)] == [(1, 0), (0, 0), (1, 1), (0, 1)]


def test_a_stage_that_lies_there_torn_is_named_with_what_to_do(tmp_path: Path, cache: Path) -> None:
    all_epochs(staged_job(tmp_path / "0000", cache))
    weights = shared_stage(staged_job(tmp_path / "0001", cache)) / "best.pt"
    weights.write_bytes(weights.read_bytes()[:2000])
    with pytest.raises(CheckpointError, match="is torn: delete it to have it trained again"):
        open_trainer(staged_job(tmp_path / "0001", cache))
    weights.unlink()
    assert all_epochs(staged_job(tmp_path / "0001", cache))[0].stage == 1


class Diverging(NetworkTrainer):
    """A network that has lost its numbers before its first step."""

    def step(self) -> EpochReport:
        next(iter(self.parts.learner.model.parameters())).data.fill_(math.nan)
        return super().step()


def test_a_trial_whose_stage_diverges_diverges(tmp_path: Path, cache: Path) -> None:
    with StagedTrainer(staged_job(tmp_path / "0000", cache), Diverging) as trainer:
        first, last = to_the_end(trainer)
    assert (first.stage, last.stage, last.diverged) == (1, 0, True)
    assert math.isnan(last.metrics["val/uar"])


def test_a_stage_that_diverged_is_trained_by_no_other_trial(tmp_path: Path, cache: Path) -> None:
    with StagedTrainer(staged_job(tmp_path / "0000", cache), Diverging) as trainer:
        to_the_end(trainer)
    assert [report.diverged for report in all_epochs(staged_job(tmp_path / "0001", cache))] == [True]


def test_a_worker_brings_earlier_epochs_with_the_first_of_the_last_stage(tmp_path: Path, cache: Path) -> None:
    worker = TrialWorker(staged_job(tmp_path / "0000", cache))
    told = [worker.step() for _ in range(3)]
    worker.close()
    assert [report.earlier for report in told if isinstance(report, EpochReport)] == [None, None, ()]


def test_a_worker_saves_an_earlier_stage_when_it_is_asked_to(tmp_path: Path, cache: Path) -> None:
    job = staged_job(tmp_path / "0000", cache)
    worker = TrialWorker(job)
    worker.step()
    assert worker.save() == ""
    worker.close()
    assert (job.path / stage_folder(job.trial_config().earlier_stages[0]) / "last.pt").exists()
