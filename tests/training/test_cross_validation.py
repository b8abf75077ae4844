"""A cross-validated trial: its folds one after another, taken over whole, killed and resumed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ferray.config.job import TrialJob
from ferray.events import EpochReport
from ferray.testing.trials import demo_config, demo_job
from ferray.training.trainers import open_trainer
from ferray.training.worker import TrialWorker

TIMES = ("seconds", "images_per_s")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def folded_job(folder: Path, cache: Path, **changes: object) -> TrialJob:
    """Three folds of two epochs on a few drawn faces."""
    return demo_job(folder, cache, demo_config(folds={"k": 3}, **changes))


def all_epochs(job: TrialJob) -> list[EpochReport]:
    with open_trainer(job) as trainer:
        return [trainer.step() for _ in range(6)]


def lasting(reports: list[EpochReport]) -> list[tuple[object, ...]]:
    """What must be the same bits however often a trial is killed."""
    return [
        (report.epoch, report.fold, report.confusion, {k: v for k, v in report.metrics.items() if k not in TIMES})
        for report in reports
    ]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> tuple[TrialJob, list[EpochReport]]:
    job = folded_job(tmp_path_factory.mktemp("whole") / "0000", cache)
    return job, all_epochs(job)


def test_epochs_count_through_all_folds(whole: tuple[TrialJob, list[EpochReport]]) -> None:
    counted = [(report.epoch, report.fold, report.ends_fold) for report in whole[1]]
    assert counted == [(1, 0, False), (2, 0, True), (3, 1, False), (4, 1, True), (5, 2, False), (6, 2, True)]


def test_only_the_last_epoch_of_the_last_fold_is_the_last(whole: tuple[TrialJob, list[EpochReport]]) -> None:
    assert [report.is_last for report in whole[1]] == [False] * 5 + [True]


def test_every_image_but_those_of_the_test_part_validates_once(whole: tuple[TrialJob, list[EpochReport]]) -> None:
    assert sum(report.num_val for report in whole[1] if report.ends_fold) == 84 + 28


def test_each_fold_keeps_its_checkpoint(whole: tuple[TrialJob, list[EpochReport]]) -> None:
    kept = sorted(path.relative_to(whole[0].path).as_posix() for path in whole[0].path.rglob("*.pt"))
    assert kept == ["fold-0/best.pt", "fold-1/best.pt", "fold-2/best.pt"]


def test_a_killed_trial_goes_on_bit_for_bit(
    tmp_path: Path, cache: Path, whole: tuple[TrialJob, list[EpochReport]]
) -> None:
    job = folded_job(tmp_path / "trials/0000", cache)
    with open_trainer(job) as trainer:
        before = [trainer.step() for _ in range(3)]
        trainer.save()
    with open_trainer(job) as again:
        after = [again.step() for _ in range(3)]
    assert lasting([*before, *after]) == lasting(whole[1])


def test_a_retry_takes_over_the_folds_that_had_ended(
    tmp_path: Path, cache: Path, whole: tuple[TrialJob, list[EpochReport]]
) -> None:
    first = folded_job(tmp_path / "0000", cache)
    with open_trainer(first) as trainer:
        for _ in range(2):
            trainer.step()
    retry = replace(first, folder=str(tmp_path / "0001"), resume_from=first.folder)
    with open_trainer(retry) as again:
        told = list(again.history)
        rest = [again.step() for _ in range(4)]
    assert lasting([*told, *rest]) == lasting(whole[1])


def test_a_trial_that_had_ended_is_told_without_training(
    tmp_path: Path, whole: tuple[TrialJob, list[EpochReport]]
) -> None:
    (tmp_path / "trials").mkdir()
    retry = replace(whole[0], folder=str(tmp_path / "trials/0001"), resume_from=whole[0].folder)
    report = TrialWorker(retry).step()
    assert isinstance(report, EpochReport)
    assert lasting([*(report.earlier or ()), report]) == lasting(whole[1])


def test_a_fold_taken_over_by_half_is_taken_over_again(
    tmp_path: Path, whole: tuple[TrialJob, list[EpochReport]]
) -> None:
    (tmp_path / "0001" / ".fold-0").mkdir(parents=True)
    retry = replace(whole[0], folder=str(tmp_path / "0001"), resume_from=whole[0].folder)
    with open_trainer(retry) as trainer:
        assert len(trainer.history) == 5


def test_a_halted_fold_makes_room_for_the_next(tmp_path: Path, cache: Path) -> None:
    halting = {"bdr": {"start_epoch": 1, "halt_variance": 100.0}}
    with open_trainer(folded_job(tmp_path / "0000", cache, outliers=halting)) as trainer:
        counted = [(report.epoch, report.fold, report.is_last) for report in (trainer.step(), trainer.step())]
    assert counted == [(2, 0, False), (4, 1, False)]


def test_what_the_folds_say_together_counts_every_image(tmp_path: Path, cache: Path) -> None:
    with open_trainer(folded_job(tmp_path / "0000", cache)) as trainer:
        for _ in range(6):
            trainer.step()
        assert trainer.best is not None
        assert trainer.best.num_val == 84 + 28


def test_a_fold_whose_history_is_damaged_is_trained_again(
    tmp_path: Path, cache: Path, whole: tuple[TrialJob, list[EpochReport]]
) -> None:
    job = folded_job(tmp_path / "0000", cache)
    with open_trainer(job) as trainer:
        for _ in range(4):
            trainer.step()
    (job.path / "fold-1" / "history.jsonl").write_text('{"epoch": ')
    with open_trainer(job) as again:
        told = list(again.history)
        rest = [again.step() for _ in range(4)]
    assert [len(told), rest[0].note] == [
        2,
        f"`{job.path / 'fold-1/history.jsonl'}` is missing or damaged; fold 1 is trained again",
    ]
    assert lasting([*told, *rest])[:2] == lasting(whole[1])[:2]


def test_a_fold_that_is_trained_again_has_not_ended_before_its_end(tmp_path: Path, cache: Path) -> None:
    job = folded_job(tmp_path / "0000", cache)
    with open_trainer(job) as trainer:
        trainer.step()
        trainer.step()
    (job.path / "fold-0" / "history.jsonl").write_text("")
    with open_trainer(job) as again:
        again.step()
    with open_trainer(job) as third:
        assert third.epochs_done <= 1  # that of the second, where its checkpoint was due already
