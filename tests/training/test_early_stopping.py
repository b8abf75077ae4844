from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ferray.config.early_stopping import EarlyStoppingConfig
from ferray.config.job import TrialJob
from ferray.events import EpochReport
from ferray.testing.trials import demo_config, demo_job
from ferray.training.cross_validation import CrossValidationTrainer
from ferray.training.early_stopping import stopping_note
from ferray.training.network_trainer import NetworkTrainer

SMALL = {"num_train": 28, "num_val": 14, "image_size": 16, "batch_size": 8}


def ends_after(values: list[float], *, mode: str = "max", **config: Any) -> int | None:
    """The epoch, counted from 1, at which a trial with these values is ended early."""
    job = TrialJob(number=0, config={}, folder="", metric="val/uar", mode=mode)  # type: ignore[arg-type]
    reports = [
        EpochReport(epoch, 100, {"val/uar": value}, ((1,),), ("a",), 1) for epoch, value in enumerate(values, start=1)
    ]
    told = [
        bool(stopping_note(EarlyStoppingConfig(**config), reports[:count], job)) for count in range(1, len(values) + 1)
    ]
    return told.index(True) + 1 if any(told) else None


def test_a_trial_ends_after_so_many_epochs_without_a_better_one() -> None:
    assert ends_after([0.1, 0.3, 0.2, 0.3, 0.4], patience=2) == 4


def test_a_better_epoch_begins_the_wait_anew() -> None:
    assert ends_after([0.1, 0.0, 0.2, 0.1, 0.0], patience=2) == 5


def test_an_epoch_that_is_hardly_better_is_waited_through() -> None:
    assert ends_after([0.1, 0.15, 0.16, 0.9], patience=2, min_delta=0.1) == 3


def test_small_gains_that_add_up_to_the_least_one_count() -> None:
    assert ends_after([0.1, 0.16, 0.22, 0.2], patience=2, min_delta=0.1) is None


def test_a_loss_is_better_when_it_is_lower() -> None:
    assert ends_after([0.9, 0.5, 0.6, 0.7], mode="min", patience=2) == 4


def stuck(**changes: Any) -> Any:
    """A trial that learns nothing, with ten epochs to do so."""
    stop = {"early_stopping": {"patience": 2, "min_delta": 1}}
    return demo_config(**SMALL, **stop, optimizer={"lr": 1e-9}, **{"epochs": 10, **changes})


def test_a_trial_that_is_ended_early_is_over_and_says_why(tmp_path: Path, cache: Path) -> None:
    with NetworkTrainer(demo_job(tmp_path, cache, stuck())) as trainer:
        reports = [trainer.step() for _ in range(3)]
    assert [report.is_last for report in reports] == [False, False, True]
    assert reports[-1].note == "early stopping: no better `val/uar` in 2 epochs"
    assert ((tmp_path / "best.pt").exists(), (tmp_path / "last.pt").exists()) == (True, False)


def test_a_trial_that_goes_on_ends_where_it_would_have(tmp_path: Path, cache: Path) -> None:
    job = demo_job(tmp_path, cache, stuck())
    first = NetworkTrainer(job)
    first.step()
    first.step()
    first.save()
    with NetworkTrainer(job) as trainer:
        assert trainer.step().is_last


def test_each_fold_ends_by_itself(tmp_path: Path, cache: Path) -> None:
    config = stuck(folds={"k": 2})
    with CrossValidationTrainer(demo_job(tmp_path, cache, config), NetworkTrainer) as trainer:
        reports = [trainer.step() for _ in range(6)]
    assert [(report.fold, report.epoch, report.is_last) for report in reports] == [
        (0, 1, False),
        (0, 2, False),
        (0, 10, False),
        (1, 11, False),
        (1, 12, False),
        (1, 20, True),
    ]


def test_the_last_epoch_is_no_early_end() -> None:
    job = TrialJob(number=0, config={}, folder="", metric="val/uar")
    reports = [EpochReport(epoch, 2, {"val/uar": 0.1}, ((1,),), ("a",), 1) for epoch in (1, 2)]
    assert stopping_note(EarlyStoppingConfig(patience=1), reports, job) == ""


@pytest.mark.parametrize("patience", [0, -1])
def test_patience_is_at_least_one_epoch(patience: int) -> None:
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        EarlyStoppingConfig(patience=patience)
